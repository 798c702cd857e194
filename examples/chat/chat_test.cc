#include <signal.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/tests/support/child_process.h"
#include "muster/tests/support/example.h"
#include "muster/tests/support/http_client.h"
#include "muster/tests/support/line_client.h"
#include "muster/tests/support/running_master.h"

namespace muster::tests {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

std::unique_ptr<LineClient> Enter(const std::string& address, const std::string& nick,
                                  const std::string& room) {
  auto client = std::make_unique<LineClient>(address);
  EXPECT_TRUE(client->Send("/nick " + nick));
  EXPECT_TRUE(client->Send("/join " + room));
  EXPECT_EQ(client->ReceiveUntil("* you are in "), "* you are in " + room);
  return client;
}

// Says "0", "1", ... in step with the others: the next number when it has heard the last one from
// all. So the log never has more unheard lines than there are talkers, times two.
class Talker {
 public:
  Talker(const std::string& address, std::string nick, int talkers)
      : nick_(std::move(nick)), talkers_(talkers), client_(Enter(address, nick_, "tea")) {}
  ~Talker() {
    if (thread_.joinable()) thread_.join();
  }

  // Until `last` is not negative any more and that number was heard from all.
  void Talk(const std::atomic<int>& last) {
    thread_ = std::thread([this, &last] { problem_ = Run(last); });
  }
  void Join() { thread_.join(); }
  // Empty: each line of each talker was heard once and in order.
  const std::string& problem() const { return problem_; }
  int said() const { return said_; }

 private:
  std::string Run(const std::atomic<int>& last) {
    std::map<std::string, int> heard;  // the next number that is expected
    for (int number = 0; last < 0 || number <= last; ++number) {
      if (!client_->Send(absl::StrCat(number))) return "cannot send";
      said_ = number;
      int complete = 0;
      for (const auto& [nick, next] : heard) complete += next > number ? 1 : 0;
      while (complete < talkers_) {
        const auto line = client_->Receive();
        if (!line.has_value()) return absl::StrCat("the connection ended at ", number);
        const std::pair<std::string, std::string> parts =
            absl::StrSplit(*line, absl::MaxSplits(": ", 1));
        int& next = heard[parts.first];
        if (parts.second != absl::StrCat(next)) {
          return absl::StrCat("heard \"", *line, "\" instead of ", next);
        }
        if (next++ == number) ++complete;
      }
    }
    return "";
  }

  const std::string nick_;
  const int talkers_;
  std::unique_ptr<LineClient> client_;
  std::atomic<int> said_{0};
  std::string problem_ = "it did not talk";
  std::thread thread_;
};

TEST(Chat, PassesLinesBetweenTheClientsOfARoom) {
  RunningMaster muster(ExampleConfig("chat"), ExampleWorker("chat"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto ann = Enter(muster.address(), "ann", "tea");
  const auto bob = Enter(muster.address(), "bob", "tea");
  const auto eve = Enter(muster.address(), "eve", "coffee");
  ASSERT_TRUE(ann->Send("hello"));
  EXPECT_EQ(ann->Receive(), "ann: hello");
  EXPECT_EQ(bob->Receive(), "ann: hello");
  ASSERT_TRUE(eve->Send("anybody?"));
  EXPECT_EQ(eve->Receive(), "eve: anybody?") << "and nothing of what was said in tea";
}

TEST(Chat, GreetsAsItsConfigurationSays) {
  RunningMaster muster(ExampleConfig("chat"), ExampleWorker("chat"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  LineClient client(muster.address());
  EXPECT_EQ(client.Receive(), "* welcome to the chat; /nick NAME, /join ROOM, /quit");
}

TEST(Chat, LosesAndDoublesNothingOverReloads) {
  constexpr int kTalkers = 6;
  RunningMaster muster(ExampleConfig("chat"), ExampleWorker("chat"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::atomic<int> last{-1};
  std::vector<std::unique_ptr<Talker>> talkers;
  for (int i = 0; i < kTalkers; ++i) {
    talkers.push_back(std::make_unique<Talker>(muster.address(), absl::StrCat("t", i), kTalkers));
  }
  for (const auto& talker : talkers) talker->Talk(last);

  for (int generation = 2; generation <= 6; ++generation) {
    const int before = talkers[0]->said();
    ASSERT_TRUE(muster.AwaitStatus([&](const admin::v1::Status&) {
      return talkers[0]->said() > before + 20;
    })) << "the talk has stopped before generation "
        << generation;
    const Finished reload = muster.Ctl({"reload"});
    ASSERT_EQ(reload.exit, 0) << reload.errors;
  }
  // Nobody is more than two ahead of another.
  last = talkers[0]->said() + 20;
  for (const auto& talker : talkers) talker->Join();

  for (const auto& talker : talkers) EXPECT_EQ(talker->problem(), "");
  EXPECT_TRUE(AwaitGeneration(muster, 6));
  EXPECT_EQ(muster.Status().stats().total().closed_at_deadline(), 0u);
}

// Of one client: the lines that it heard, until the last one of each of `nicks`. Where it lost or
// doubled one, or its connection ended, the reason.
std::string HearAll(LineClient& client, const std::set<std::string>& nicks, int last,
                    std::map<std::string, int>* heard) {
  const auto is_heard = [&](const std::string& nick) { return (*heard)[nick] > last; };
  while (!std::all_of(nicks.begin(), nicks.end(), is_heard)) {
    const auto line = client.Receive();
    if (!line.has_value()) return client.has_input() ? "the connection ended" : "no more came";
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(*line, absl::MaxSplits(": ", 1));
    int& next = (*heard)[parts.first];
    if (parts.second != absl::StrCat(next)) {
      return absl::StrCat("heard \"", *line, "\" instead of ", next);
    }
    ++next;
  }
  return "";
}

TEST(Chat, LosesAndDoublesNothingOfItsOtherClientsWhenAWorkerIsKilled) {
  constexpr int kClients = 12;
  constexpr int kLast = 40;
  RunningMaster muster(ExampleConfig("chat", "accept: REUSEPORT"), ExampleWorker("chat"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  std::map<std::string, std::unique_ptr<LineClient>> clients;
  for (int i = 0; i < kClients; ++i) {
    const std::string nick = absl::StrCat("c", i);
    clients[nick] = Enter(muster.address(), nick, "tea");
  }
  const pid_t victim = muster.WorkerPids()[0];
  const ipc::UniqueFd watch = OpenProcess(victim);
  std::string lines;
  for (int number = 0; number < kLast; ++number) absl::StrAppend(&lines, number, "\n");

  // The victim is within the work that this makes.
  for (auto& [nick, client] : clients) ASSERT_TRUE(client->SendBytes(lines));
  ASSERT_EQ(::kill(victim, SIGKILL), 0);
  ASSERT_TRUE(AwaitDeath(watch.get()));

  std::set<std::string> left;
  std::map<std::string, std::map<std::string, int>> heard;
  for (auto& [nick, client] : clients) {
    static_cast<void>(client->Send(absl::StrCat(kLast)));  // to a dead one, perhaps
    const std::string problem = HearAll(*client, {nick}, kLast, &heard[nick]);
    if (problem.empty()) left.insert(nick);
    EXPECT_THAT(problem, AnyOf("", "the connection ended"));
  }
  ASSERT_FALSE(left.empty());
  for (const std::string& nick : left) {
    EXPECT_EQ(HearAll(*clients[nick], left, kLast, &heard[nick]), "") << nick;
  }
}

TEST(Chat, KeepsRoomNameAndHalfALineOverAReload) {
  RunningMaster muster(ExampleConfig("chat"), ExampleWorker("chat"));
  ASSERT_TRUE(muster.Start()) << muster.master().errors();
  const auto ann = Enter(muster.address(), "ann", "tea");
  ASSERT_TRUE(ann->SendBytes("one "));

  ASSERT_EQ(muster.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster, 2));

  ASSERT_TRUE(ann->Send("line"));
  EXPECT_EQ(ann->Receive(), "ann: one line");
}

TEST(Chat, HasMistakesInItsConfigurationToldWithTheirPlaces) {
  std::string config = ExampleConfig("chat");
  config.replace(config.find("greeting"), 8, "most_line_bytes: 7 greting");
  RunningMaster muster(config, ExampleWorker("chat"));
  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_EQ(test.exit, 1);
  EXPECT_THAT(test.errors,
              HasSubstr("muster.textproto:8:22: service.most_line_bytes: is 7; must be from 16 to "
                        "400\n"));
  EXPECT_THAT(test.errors, HasSubstr("muster.textproto:8:24: service.greting: is unknown; did you "
                                     "mean \"greeting\"?"));
}

TEST(Chat, IsNotUnderstoodByAWorkerOfAnotherProgram) {
  RunningMaster muster(ExampleConfig("chat"));
  const Finished test = muster.Master({"-t", "-c", muster.path("muster.textproto")});
  EXPECT_EQ(test.exit, 1);
  EXPECT_THAT(test.errors, HasSubstr("service: the worker program has no \"type.googleapis.com/"
                                     "muster.examples.chat.v1.Chat\"; it wants no service"));
}

// A service without HTTP has its metrics on the page of the master.
class ChatMetrics : public testing::Test {
 protected:
  static std::string Config() {
    return absl::StrReplaceAll(ExampleConfig("chat"),
                               {{"listen: \"unix:admin.sock\"",
                                 "listen: 'unix:admin.sock' metrics { listen: '127.0.0.1:0' }"}});
  }
  std::string Page() {
    const auto page = FetchOnce(muster_.Status().master().metrics_listen(), "/metrics");
    return page.has_value() ? page->body : "";
  }
  // The sum of what the live workers say.
  int Clients() {
    int clients = 0;
    for (const absl::string_view line : absl::StrSplit(Page(), '\n')) {
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
      int here = 0;
      if (!absl::StartsWith(line, "chat_clients{slot=\"")) continue;
      EXPECT_TRUE(absl::SimpleAtoi(words.back(), &here)) << line;
      clients += here;
    }
    return clients;
  }

  RunningMaster muster_{Config(), ExampleWorker("chat")};
};

TEST_F(ChatMetrics, AreOnThePageOfTheMaster) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const auto ann = Enter(muster_.address(), "ann", "tea");
  const auto bob = Enter(muster_.address(), "bob", "tea");

  EXPECT_THAT(Page(), HasSubstr("# HELP chat_line_bytes Lines that clients sent, by length.\n"
                                "# TYPE chat_line_bytes histogram\n"
                                "chat_line_bytes_bucket{le=\"8\"} 0\n"
                                "chat_line_bytes_bucket{le=\"32\"} 4\n"));
  EXPECT_THAT(Page(), HasSubstr("\nchat_line_bytes_sum 36\nchat_line_bytes_count 4\n"));
  EXPECT_THAT(Page(), HasSubstr("\n# TYPE chat_clients gauge\nchat_clients{slot=\""));
  EXPECT_EQ(Clients(), 2);
}

TEST_F(ChatMetrics, OfClientsAreGoneWithTheWorkersAndTotalsStay) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const auto ann = Enter(muster_.address(), "ann", "tea");
  ASSERT_EQ(Clients(), 1);

  for (const pid_t worker : muster_.WorkerPids()) {
    const ipc::UniqueFd watch = OpenProcess(worker);
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
    ASSERT_TRUE(AwaitDeath(watch.get()));
  }
  ASSERT_TRUE(muster_.AwaitStatus(
      [](const admin::v1::Status& status) { return status.stats().crashes() == 4; }));

  EXPECT_EQ(Clients(), 0);
  EXPECT_THAT(Page(), HasSubstr("\nchat_line_bytes_count 2\n"));
}

TEST_F(ChatMetrics, OfClientsMoveWithThemToAnotherWorker) {
  ASSERT_TRUE(muster_.Start()) << muster_.master().errors();
  const auto ann = Enter(muster_.address(), "ann", "tea");
  ASSERT_EQ(muster_.Ctl({"reload"}).exit, 0);
  ASSERT_TRUE(AwaitGeneration(muster_, 2));
  EXPECT_EQ(Clients(), 1);
  EXPECT_THAT(Page(), HasSubstr("\nchat_line_bytes_count 2\n"));
}

}  // namespace
}  // namespace muster::tests
