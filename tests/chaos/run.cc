#include "muster/tests/chaos/run.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "muster/tests/chaos/audit.h"
#include "muster/tests/chaos/performer.h"
#include "muster/tests/chaos/plan.h"
#include "muster/tests/chaos/process_view.h"

namespace muster::tests::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// For what should be so at once. A worker that was killed often waits for some seconds until it is
// started again.
constexpr std::chrono::seconds kPatienceOfAudit{40};
constexpr milliseconds kAuditPause{30};

class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options), plan_(options.seed), performer_(plan_.first()) {}

  RunResult Execute();

 private:
  using Wrongs = std::vector<std::string>;

  Wrongs Step(const Action& action);
  // Looks until nothing differs, or patience is over.
  Wrongs Audit(bool is_at_rest);
  Wrongs LookOnce(bool is_at_rest);
  Wrongs Account();
  Wrongs CheckAnswers();
  Scene LookAtProcesses();
  void CountWorkersAndConnections();
  std::vector<std::string> Files();
  std::string Report(const Action& action, const Wrongs& wrongs);

  const RunOptions options_;
  Plan plan_;
  Performer performer_;
  Leaks leaks_;
  std::vector<Action> actions_;
  std::map<std::uint64_t, std::string> closing_texts_;
  Scene last_scene_;
  admin::v1::Status last_status_;
};

Scene Run::LookAtProcesses() {
  Scene scene;
  const pid_t master = performer_.muster().master().pid();
  scene.master = ReadProcess(master).value_or(Process());
  const auto connections = performer_.clients().SocketsOfServer();
  for (const pid_t pid : ChildrenOf(master)) {
    const std::optional<Process> child = ReadProcess(pid);
    if (!child.has_value()) continue;
    for (const std::uint64_t socket : child->sockets) {
      if (connections.count(socket) != 0) ++scene.clients_of[pid];
    }
    scene.children.push_back(*child);
  }
  const std::set<std::uint64_t> listeners = ServerSocketsAt(performer_.clients().port()).listeners;
  const auto note_listeners = [&](const Process& process) {
    for (const std::uint64_t socket : process.sockets) {
      if (listeners.count(socket) != 0) scene.listeners_of[process.pid].insert(socket);
    }
  };
  note_listeners(scene.master);
  for (const Process& child : scene.children) note_listeners(child);
  return scene;
}

Run::Wrongs Run::LookOnce(bool is_at_rest) {
  last_scene_ = LookAtProcesses();
  const auto status = performer_.Status();
  if (!status.has_value()) return {"ctl status gives no answer"};
  last_status_ = *status;
  Expected expected = performer_.expected();
  expected.is_at_rest = is_at_rest;
  Wrongs wrongs = Differences(*status, last_scene_, expected);
  if (expected.is_paused) {
    for (const auto& [socket, held] : performer_.clients().SocketsOfServer()) {
      if (!held.was_answered) continue;
      wrongs.push_back(
          absl::StrCat("connection ", held.connection, " is open, though no worker is left"));
    }
  }
  if (is_at_rest && wrongs.empty()) {
    // With MUTEX a worker has one epoll more.
    const bool is_mutex = performer_.settings().accept == Settings::Accept::kMutex;
    wrongs = leaks_.Look(last_scene_, is_mutex ? "MUTEX" : "", Files());
  }
  return wrongs;
}

Run::Wrongs Run::Audit(bool is_at_rest) {
  const auto deadline = steady_clock::now() + kPatienceOfAudit;
  Wrongs wrongs = LookOnce(is_at_rest);
  while (!wrongs.empty() && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kAuditPause);
    wrongs = LookOnce(is_at_rest);
  }
  return wrongs;
}

Run::Wrongs Run::Account() {
  Wrongs wrongs;
  Ledger& ledger = performer_.ledger();
  for (const Observation& each : performer_.clients().Take()) {
    switch (each.what) {
      case Observation::What::kOpened:
        ledger.NoteOpened(each.connection, each.at);
        break;
      case Observation::What::kClosed:
        ledger.NoteClosed(each.connection, each.at);
        closing_texts_[each.connection] = each.text;
        break;
      case Observation::What::kForgotten:
        ledger.Forget(each.connection);
        break;
      case Observation::What::kHolders:
        ledger.NoteHolders(each.connection, each.holders);
        break;
      case Observation::What::kStale: {
        const std::set<pid_t> holders = ledger.HoldersOf(each.connection);
        const bool was_kept = std::any_of(holders.begin(), holders.end(), [&](pid_t pid) {
          return performer_.keepers().count(pid) != 0;
        });
        if (!was_kept) {
          wrongs.push_back(absl::StrCat("connection ", each.connection, ", held by ",
                                        absl::StrJoin(holders, ", "), ": ", each.text));
        }
        break;
      }
      case Observation::What::kWrong:
        wrongs.push_back(absl::StrCat("connection ", each.connection, ": ", each.text));
        break;
    }
  }
  const auto now = steady_clock::now();
  for (const Ledger::Closing& closing : ledger.Settle()) {
    const double ago = std::chrono::duration<double>(now - closing.at).count();
    wrongs.push_back(
        absl::StrFormat("connection %d was closed %.3f s ago for no reason, last held by %s: %s",
                        closing.connection, ago,
                        closing.holders.empty() ? "nobody" : absl::StrJoin(closing.holders, ", "),
                        closing_texts_[closing.connection]));
  }
  closing_texts_.clear();
  return wrongs;
}

Run::Wrongs Run::CheckAnswers() {
  Wrongs wrongs;
  for (const auto& [configuration, count] : performer_.clients().answers()) {
    if (configuration == 0) {
      wrongs.push_back(absl::StrCat(count, " answers bear no number of a configuration"));
    } else if (performer_.refused().count(configuration) != 0) {
      wrongs.push_back(absl::StrCat(count, " requests were answered by configuration ",
                                    configuration, ", which was refused"));
    }
  }
  return wrongs;
}

std::vector<std::string> Run::Files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(performer_.muster().folder())) {
    const std::string name = entry.path().filename();
    // The run's own, and logs, which come with configurations.
    if (absl::StartsWith(name, "child-") || absl::EndsWith(name, ".log")) continue;
    if (name == "one-started") continue;
    files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

Run::Wrongs Run::Step(const Action& action) {
  const bool is_at_rest = action.kind == Action::Kind::kRest;
  Wrongs wrongs = performer_.Perform(action);
  const auto add = [&wrongs](const Wrongs& more) {
    wrongs.insert(wrongs.end(), more.begin(), more.end());
  };
  add(Audit(is_at_rest));
  add(Account());
  if (is_at_rest && wrongs.empty()) {
    for (const std::string& late : performer_.clients().AwaitRound(kPatienceOfAudit)) {
      wrongs.push_back(absl::StrCat("no answer in ", kPatienceOfAudit.count(), " s: ", late));
    }
    performer_.clients().AllowFailures(false);
    add(Account());
  }
  add(CheckAnswers());
  return wrongs;
}

std::string Run::Report(const Action& action, const Wrongs& wrongs) {
  std::string text = absl::StrCat("step ", actions_.size(), " (", Text(action), ") of seed ",
                                  options_.seed, " went wrong:\n");
  constexpr std::size_t kMostLines = 20;
  for (std::size_t i = 0; i < wrongs.size() && i < kMostLines; ++i) {
    absl::StrAppend(&text, "  ", wrongs[i], "\n");
  }
  if (wrongs.size() > kMostLines) absl::StrAppend(&text, "  and ", wrongs.size(), " in all\n");
  absl::StrAppend(&text, "to repeat it: ", options_.command, "\nactions until then:\n");
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    absl::StrAppend(&text, "  ", i + 1, ". ", Text(actions_[i]), "\n");
  }
  absl::StrAppend(&text, "what ctl told:\n", last_status_.master().ShortDebugString(), "\n");
  for (const admin::v1::Worker& worker : last_status_.workers()) {
    absl::StrAppend(&text, "  ", worker.ShortDebugString(), "\n");
  }
  absl::StrAppend(&text, "what the kernel told:\n  master ", chaos::Text(last_scene_.master), "\n");
  for (const Process& child : last_scene_.children) {
    const auto clients = last_scene_.clients_of.find(child.pid);
    absl::StrAppend(&text, "  ", chaos::Text(child), ", clients ",
                    clients == last_scene_.clients_of.end() ? 0 : clients->second, "\n");
  }
  absl::StrAppend(&text, "logs are kept in ", performer_.muster().folder(), "\n");
  return text;
}

RunResult Run::Execute() {
  RunResult result = {.seed = options_.seed};
  const auto begin = steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(steady_clock::now() - begin).count();
  };
  if (!performer_.is_started()) {
    result.failure =
        absl::StrCat("the master does not start: ", performer_.muster().master().errors());
    return result;
  }
  Action action;  // a rest first: what is there then is the measure
  while (result.failure.empty()) {
    const double before = seconds();
    actions_.push_back(action);
    const Wrongs wrongs = Step(action);
    // The terminal has interrupted ctl, too.
    if (options_.is_interrupted != nullptr && *options_.is_interrupted) break;
    result.steps = static_cast<int>(actions_.size());
    if (!wrongs.empty()) result.failure = Report(action, wrongs);
    if (options_.tells_steps) {
      std::fprintf(stderr, "%s step %d, %.1f s: %s (%.1f s, %d workers, %d clients)\n",
                   wrongs.empty() ? "ok  " : "WRONG", result.steps, seconds(), Text(action).c_str(),
                   seconds() - before, performer_.expected().workers, performer_.clients().count());
    }
    if (result.steps >= options_.steps || seconds() >= options_.time.count()) break;
    action = plan_.Next();
  }
  if (result.failure.empty()) {
    // What was closed until then has a reason; at the end, all is.
    actions_.push_back({});
    Wrongs wrongs = Step(Action());
    if (wrongs.empty()) wrongs = performer_.TrySlots();
    if (wrongs.empty()) wrongs = performer_.End(options_.seed % 2 == 0);
    if (!wrongs.empty()) result.failure = Report(Action(), wrongs);
  }
  result.seconds = seconds();
  result.requests = performer_.clients().requests();
  result.closed = performer_.ledger().accounted();
  if (!result.failure.empty()) performer_.muster().KeepFolder();
  return result;
}

}  // namespace

RunResult Execute(const RunOptions& options) { return Run(options).Execute(); }

std::string ToJson(const RunResult& result) {
  const std::string closed =
      absl::StrJoin(result.closed, ", ", [](std::string* out, const auto& each) {
        absl::StrAppend(out, "\"", each.first, "\": ", each.second);
      });
  return absl::StrFormat(
      "{\"seed\": %d, \"steps\": %d, \"seconds\": %.1f, \"requests\": %d, \"closed\": {%s}, "
      "\"failed\": %s}",
      result.seed, result.steps, result.seconds, result.requests, closed,
      result.failure.empty() ? "false" : "true");
}

}  // namespace muster::tests::chaos
