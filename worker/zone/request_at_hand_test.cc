#include "muster/worker/zone/request_at_hand.h"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <new>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "muster/proto/utf8.h"

namespace muster::worker {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr SteadyTime kBegan = SteadyTime(std::chrono::seconds(70));

RequestPeer Peer(std::uint16_t port) {
  RequestPeer peer = {.family = AF_INET, .port = port};
  peer.address = {192, 0, 2, 1};
  return peer;
}

// Every part of it can be derived from its path.
void BeginNumbered(RequestWriter& writer, std::uint16_t number) {
  const std::string path = "/" + std::string(number % 190, static_cast<char>('a' + number % 26));
  const std::string method(1 + path.size() % 14, path.back());
  writer.Begin(SteadyTime(std::chrono::nanoseconds(path.size())),
               Peer(static_cast<std::uint16_t>(path.size())), method, path,
               path.substr(0, path.size() % 9));
}
void ExpectWhole(const RequestShown& request) {
  const std::size_t size = request.path.size();
  ASSERT_EQ(request.path, "/" + std::string(size - 1, size == 1 ? '/' : request.path.back()));
  ASSERT_EQ(request.method, std::string(1 + size % 14, request.path.back()));
  ASSERT_EQ(request.peer, "192.0.2.1:" + std::to_string(size));
  ASSERT_EQ(request.id, request.path.substr(0, size % 9));
  ASSERT_EQ(request.began.time_since_epoch().count(), static_cast<std::int64_t>(size));
}

TEST(RequestAtHand, TellsWhatTheLoopExecutes) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  EXPECT_FALSE(ReadRequest(record).has_value());
  const std::uint64_t ticket = writer.Begin(kBegan, Peer(4711), "GET", "/some/longer/path");
  const auto request = ReadRequest(record);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/some/longer/path");
  EXPECT_EQ(request->peer, "192.0.2.1:4711");
  EXPECT_EQ(request->began, kBegan);
  EXPECT_FALSE(request->is_waiting);
  EXPECT_EQ(Describe(*request), "GET /some/longer/path for 192.0.2.1:4711");
  writer.End(ticket);
  EXPECT_FALSE(ReadRequest(record).has_value());
}

TEST(RequestAtHand, TellsOneThatWaitsForItsHandlerUntilTheNextBegins) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  const std::uint64_t waiting = writer.Begin(kBegan, Peer(1), "GET", "/slow");
  writer.Wait(waiting);
  EXPECT_TRUE(ReadRequest(record)->is_waiting);
  const std::uint64_t next = writer.Begin(kBegan, Peer(2), "GET", "/next");
  writer.End(waiting);
  EXPECT_EQ(ReadRequest(record)->path, "/next");
  writer.End(next);
  EXPECT_FALSE(ReadRequest(record).has_value());
}

TEST(RequestAtHand, ForgetsOneThatWaitedWhenItIsAnswered) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  const std::uint64_t ticket = writer.Begin(kBegan, Peer(1), "GET", "/slow");
  writer.Wait(ticket);
  writer.End(ticket);
  EXPECT_FALSE(ReadRequest(record).has_value());
}

TEST(RequestAtHand, CutsWhatHasNoRoomAndEscapesWhatIsNoText) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  writer.Begin(kBegan, Peer(1), "A-METHOD-WITH-A-LONG-NAME", "/" + std::string(5000, 'x'));
  EXPECT_EQ(ReadRequest(record)->method, "A-METHOD-WITH-A-");
  EXPECT_EQ(ReadRequest(record)->path, "/" + std::string(199, 'x') + "...");
  writer.Begin(kBegan, Peer(1), "GET", "/\xff\n\x1b[2J\xc3\xa9");
  EXPECT_EQ(ReadRequest(record)->path, "/\\xff\\x0a\\x1b[2J\xc3\xa9");
  for (std::size_t cut = 180; cut < 220; ++cut) {
    writer.Begin(kBegan, Peer(1), "\xff", std::string(cut, 'x') + "\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_TRUE(config::IsUtf8(ReadRequest(record)->path)) << cut;
  }
}

TEST(RequestAtHand, HasTheIdOfItsRequest) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  writer.Begin(kBegan, Peer(4711), "GET", "/x", "6f1e-77");
  EXPECT_EQ(ReadRequest(record)->id, "6f1e-77");
  EXPECT_EQ(ReadRequest(record)->path, "/x");
  EXPECT_EQ(Describe(*ReadRequest(record)), "GET /x for 192.0.2.1:4711 (id 6f1e-77)");
  writer.Begin(kBegan, Peer(4711), "GET", "/y");
  EXPECT_EQ(ReadRequest(record)->id, "") << "of the one before";
  EXPECT_EQ(Describe(*ReadRequest(record)), "GET /y for 192.0.2.1:4711");
}

TEST(RequestAtHand, SharesItsRoomBetweenPathAndId) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  for (const std::size_t id_bytes : {0, 1, 7, 8, 9, 32, 63, 64, 65, 128}) {
    for (const std::size_t path_bytes : {1, 8, 130, 136, 137, 160, 168, 169, 192, 199, 200, 201}) {
      const std::string id(id_bytes, 'i');
      const std::string path(path_bytes, '/');
      writer.Begin(kBegan, Peer(1), "GET", path, id);
      const std::size_t shown_id = std::min<std::size_t>(id_bytes, 64);
      const std::size_t room = 200 - (shown_id + 7) / 8 * 8;
      EXPECT_EQ(ReadRequest(record)->id, id.substr(0, shown_id) + (id_bytes > 64 ? "..." : ""));
      EXPECT_EQ(ReadRequest(record)->path,
                path.substr(0, std::min(room, path_bytes)) + (path_bytes > room ? "..." : ""));
    }
  }
}

// What a worker without ids leaves there, and what one with ids tells a master without.
TEST(RequestAtHand, IsReadByAndFromVersionsThatKnowNoIds) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  writer.Begin(kBegan, Peer(1), "GET", "/path", "id");
  const std::uint64_t shape = record.shape.load();
  EXPECT_EQ(shape >> 40 & 0xff, 5u);
  EXPECT_EQ(shape >> 48 & 1, 0u);
  EXPECT_EQ(record.path.Load(5), "/path");
  record.shape.store(shape & ((std::uint64_t{1} << 49) - 1));
  EXPECT_EQ(ReadRequest(record)->id, "");
  EXPECT_EQ(ReadRequest(record)->path, "/path");
}

TEST(RequestAtHand, NamesClientsOfAllKinds) {
  RequestAtHand record = {};
  RequestWriter writer(record);
  RequestPeer peer = {.family = AF_INET6, .port = 80};
  ASSERT_EQ(::inet_pton(AF_INET6, "2001:db8::1", peer.address.data()), 1);
  writer.Begin(kBegan, peer, "GET", "/");
  EXPECT_EQ(ReadRequest(record)->peer, "[2001:db8::1]:80");
  writer.Begin(kBegan, {.family = AF_UNIX}, "GET", "/");
  EXPECT_EQ(ReadRequest(record)->peer, "unix:");
  writer.Begin(kBegan, {}, "GET", "/");
  EXPECT_EQ(Describe(*ReadRequest(record)), "GET / for an unknown client");
}

TEST(RequestAtHand, IsClearedForTheNextProcessWhateverTheLastOneLeft) {
  RequestAtHand record = {};
  for (const std::uint64_t left : {0, 1, 2, 3, 401, 402, 403}) {
    record.sequence.store(left);
    ClearRequest(record);
    EXPECT_FALSE(ReadRequest(record).has_value()) << left;
    RequestWriter writer(record);
    writer.Begin(kBegan, Peer(1), "GET", "/");
    EXPECT_TRUE(ReadRequest(record).has_value()) << left;
  }
}

TEST(RequestAtHand, IsBoundedIfTheMemoryIsDamaged) {
  RequestAtHand record;
  std::memset(static_cast<void*>(&record), 0xff, sizeof(record));
  record.sequence.store(2);
  const auto request = ReadRequest(record);
  ASSERT_TRUE(request.has_value());
  EXPECT_TRUE(config::IsUtf8(request->path));
  EXPECT_LE(request->path.size(), 256u);
  EXPECT_EQ(request->peer, "");
  record.sequence.store(1);
  EXPECT_FALSE(ReadRequest(record).has_value()) << "and the reader does not wait";
}

TEST(RequestAtHand, IsNeverReadAsAMixOfTwo) {
  RequestAtHand record = {};
  std::atomic<bool> is_over = false;
  std::atomic<bool> has_begun = false;
  std::thread thread([&] {
    RequestWriter writer(record);
    for (std::uint16_t number = 0; !is_over.load(); ++number) {
      BeginNumbered(writer, number);
      has_begun = true;
    }
  });
  while (!has_begun) std::this_thread::yield();
  int found = 0;
  for (int i = 0; i < 200000; ++i) {
    if (const auto request = ReadRequest(record)) {
      ExpectWhole(*request);
      ++found;
    }
  }
  is_over = true;
  thread.join();
  EXPECT_GT(found, 0);
}

// What is in the memory between two instructions of the writer is what its death there leaves.
TEST(RequestAtHand, CanBeReadAfterADeathAtAnyInstruction) {
  void* const memory = ::mmap(nullptr, sizeof(RequestAtHand), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const record = new (memory) RequestAtHand();
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    std::raise(SIGSTOP);
    RequestWriter writer(*record);
    BeginNumbered(writer, 40);
    BeginNumbered(writer, 91);
    std::raise(SIGSTOP);
    BeginNumbered(writer, 33);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  int instructions = 0;
  int readable = 0;
  int in_between = 0;
  while (WIFSTOPPED(status)) {
    if (const auto request = ReadRequest(*record)) {
      ExpectWhole(*request);
      ++readable;
    } else {
      ++in_between;
    }
    // Behind the second SIGSTOP: a request was at hand, and the third is being written.
    if (++instructions > 1 && WSTOPSIG(status) == SIGSTOP) break;
    ASSERT_EQ(::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr), 0);
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
  EXPECT_EQ(ReadRequest(*record)->path.size(), 92u);
  // Killed while it writes.
  while (record->sequence.load() % 4 != 1) {
    ASSERT_EQ(::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr), 0);
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_FALSE(ReadRequest(*record).has_value());
  ClearRequest(*record);
  RequestWriter next(*record);
  BeginNumbered(next, 7);
  ExpectWhole(*ReadRequest(*record));
  EXPECT_GT(instructions, 100);
  EXPECT_GT(readable, 0);
  EXPECT_GT(in_between, 0);
  ::munmap(memory, sizeof(RequestAtHand));
}

}  // namespace
}  // namespace muster::worker
