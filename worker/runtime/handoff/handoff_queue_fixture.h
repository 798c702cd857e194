#ifndef MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_FIXTURE_H_
#define MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_FIXTURE_H_

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/channel/channel.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/loop/clock.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/protocol/command.h"
#include "muster/worker/runtime/connection.h"
#include "muster/worker/runtime/connection_lease.h"
#include "muster/worker/runtime/error_log.h"
#include "muster/worker/runtime/handoff/handoff_board.h"
#include "muster/worker/runtime/handoff/handoff_queue.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/slot_recovery.h"
#include "muster/worker/zone/slot_stats.h"
#include "muster/worker/zone/worker_status.h"

namespace muster::worker {

// The generation that serves.
inline constexpr std::uint64_t kServing = 5;

struct AdoptedConnection {
  Connection connection;
  std::string state;
};

// A worker, as far as the queue knows of one.
class HandoffParticipant {
 public:
  HandoffParticipant(loop::EventLoop& loop, const ErrorLog& log, const ipc::Channel::Pair& ends,
                     const SharedZone& zone, std::uint64_t generation, std::uint32_t capacity)
      : zone_(zone), tag_(*zone.Reserve()), board_(zone, tag_.slot(), generation, capacity) {
    status().generation.Set(static_cast<std::int64_t>(generation));
    status().started.Set(1 + static_cast<std::int64_t>(tag_.slot()));
    board_.ShowTakesMemory();
    HandoffQueue::Callbacks callbacks;
    callbacks.adopt = [this](Connection connection, std::string state) {
      adopted_.push_back({std::move(connection), std::move(state)});
    };
    callbacks.room = [this] { ++room_; };
    callbacks.measure_capacity = [this, capacity] {
      ++measured_;
      return capacity;
    };
    auto queue = HandoffQueue::Create({loop, log, connections_, slot(), board_},
                                      *ipc::DuplicateFd(ends.first.fd()),
                                      *ipc::DuplicateFd(ends.second.fd()), std::move(callbacks));
    EXPECT_TRUE(queue.ok()) << queue.status();
    queue_ = *std::move(queue);
  }

  void StartTaking() {
    status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kServing));
    EXPECT_TRUE(queue_->StartTaking().ok());
  }
  void StartGiving() {
    status().phase.Set(static_cast<std::int64_t>(WorkerPhase::kDraining));
    queue_->StartGiving();
  }
  Connection Hold(ipc::UniqueFd fd) {
    Connection connection;
    connection.fd = std::move(fd);
    connection.lease = connections_.Take();
    return connection;
  }
  HandoffQueue& queue() { return *queue_; }
  void Die() {
    queue_.reset();
    adopted_.clear();
    RecoverSlot(zone_, tag_);
  }
  std::vector<AdoptedConnection>& adopted() { return adopted_; }
  StatsValues stats() const { return ReadStats(zone_.stats(tag_.slot())); }
  int room() const { return room_; }
  int measured() const { return measured_; }
  WorkerStatus& status() { return zone_.worker_status(tag_.slot()); }

 private:
  SlotStats& slot() { return zone_.stats(tag_.slot()); }

  const SharedZone& zone_;
  const ipc::OwnerTag tag_;
  HandoffBoard board_;
  ConnectionCount connections_{slot().active};
  std::vector<AdoptedConnection> adopted_;
  int room_ = 0;
  int measured_ = 0;
  std::unique_ptr<HandoffQueue> queue_;
};

// A queue, a worker that gives, and a connection of which any number of duplicates can be given.
class HandoffQueueTest : public ::testing::Test {
 protected:
  HandoffQueueTest() {
    zone_.master_status().generation.Set(kServing);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client_.reset(ends[0]);
    served_.reset(ends[1]);
  }

  std::unique_ptr<HandoffParticipant> Add(std::uint64_t generation, std::uint32_t capacity = 4096) {
    return std::make_unique<HandoffParticipant>(*loop_, log_, ends_, zone_, generation, capacity);
  }
  std::unique_ptr<HandoffParticipant> AddTaker(std::uint32_t capacity = 4096) {
    auto taker = Add(kServing, capacity);
    taker->StartTaking();
    return taker;
  }
  ipc::UniqueFd Served() const { return *ipc::DuplicateFd(served_.get()); }
  // As a service does; returns what it keeps.
  std::vector<Connection> Give(HandoffParticipant& giver, int count,
                               const std::string& state = std::string()) const {
    std::vector<Connection> kept;
    for (int i = 0; i < count; ++i) {
      Connection connection = giver.Hold(Served());
      if (giver.queue().HasRoom()) {
        giver.queue().Give(std::move(connection), state);
      } else {
        kept.push_back(std::move(connection));
      }
    }
    return kept;
  }
  // False: it was not so within 20 seconds.
  bool RunUntil(const std::function<bool()>& is_done) {
    const auto deadline = loop::Clock::now() + std::chrono::seconds(20);
    while (!is_done()) {
      if (loop::Clock::now() > deadline) return false;
      EXPECT_TRUE(loop_->RunOnce(std::chrono::milliseconds(1)).ok());
    }
    return true;
  }
  bool IsSettled() { return old_->queue().is_settled(); }
  bool RunUntilSettled() {
    return RunUntil([this] { return IsSettled(); });
  }
  void RunWhatIsReady() {
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(loop_->RunOnce(loop::Clock::duration::zero()).ok());
  }
  // What a broken peer might put into the queue.
  void SendRaw(Command command, const std::vector<int>& fds, std::uint16_t flags = 0) const {
    ipc::Message message;
    message.command = ipc::CommandNumber(command);
    message.flags = flags;
    message.fds = fds;
    ASSERT_TRUE(ends_.second.TrySend(message).ok());
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  ErrorLog log_ = *ErrorLog::Open({}, "test");
  SharedZone zone_ = *SharedZone::Create(16);
  ipc::Channel::Pair ends_ = *ipc::Channel::CreatePair();
  std::unique_ptr<HandoffParticipant> old_ = Add(kServing - 1);
  ipc::UniqueFd client_;
  ipc::UniqueFd served_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_HANDOFF_HANDOFF_QUEUE_FIXTURE_H_
