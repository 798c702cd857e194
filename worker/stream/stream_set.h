#ifndef MUSTER_WORKER_STREAM_STREAM_SET_H_
#define MUSTER_WORKER_STREAM_STREAM_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/stream/session.h"
#include "muster/worker/stream/stream_queue.h"
#include "muster/worker/stream/stream_settings.h"
#include "muster/worker/throttle/throttled_log.h"

namespace muster::worker {

class Stream;

// The streams of one service, and what they share. In the loop's thread.
class StreamSet {
 public:
  static constexpr std::size_t kInputBytes = 64 << 10;

  // Both outlive it.
  StreamSet(Context& context, Protocol& protocol);
  ~StreamSet();

  void Add(std::unique_ptr<Stream> stream);
  // Out of the set, and of what is to come.
  std::unique_ptr<Stream> Remove(Stream& stream);
  // All of them have their turn now.
  void WorkAll();
  // Tells all of them that the worker drains.
  void TellDrain();
  // The stream has its turn in the next round of the loop.
  void Enqueue(Stream& stream);
  // The stream is to be handed off, and has a turn when another worker has room for it; or when
  // they take longer states than `limit_bytes`. Unless it has a turn before.
  void AwaitRoom(Stream& stream);
  void AwaitLongerStates(Stream& stream, std::size_t limit_bytes);
  // Other workers have room, or take longer states.
  void OnHandoffRoom();
  // The stream is over: its session hears of it, and it is destroyed, in the next round.
  void Bury(Stream& stream);
  // Unsent output in memory has grown, or become less.
  void CountUnsent(std::int64_t bytes) { unsent_bytes_ += static_cast<std::uint64_t>(bytes); }
  // While there is more than all clients may have, closes the one that has the most.
  void BoundUnsent() {
    while (unsent_bytes_ > settings_.max_worker_unsent_bytes && CloseLargest()) {
    }
  }
  // Writes a line about a client that is closed; too many of one kind are counted instead.
  void Log(config::v1::Log::Level level, absl::string_view kind, absl::string_view details = "");

  Context& context() { return context_; }
  Protocol& protocol() { return protocol_; }
  const StreamSettings& settings() const { return settings_; }
  loop::TimePoint now() const { return loop_.now(); }
  loop::EventLoop& loop() { return loop_; }
  const std::optional<Service::Idle>& drain() const { return drain_; }
  void set_drain(Service::Idle idle) { drain_ = idle; }

  // Of the stream whose turn it is: what it receives, and the memory for what it writes.
  char* input() { return input_.get(); }
  std::string& spare() { return spare_; }

 private:
  void RunQueued();
  void BuryAll();
  // False: none has any.
  bool CloseLargest();

  Context& context_;
  loop::EventLoop& loop_;
  Protocol& protocol_;
  const StreamSettings settings_;
  std::optional<Service::Idle> drain_;
  std::unique_ptr<char[]> input_ = std::unique_ptr<char[]>(new char[kInputBytes]);
  std::string spare_;
  std::uint64_t unsent_bytes_ = 0;
  ThrottledLog log_;

  // A stream is in one of them at most.
  StreamQueue queued_;
  StreamQueue running_;  // those that were queued when the round began
  StreamQueue over_;
  StreamQueue await_room_;
  StreamQueue await_longer_states_;
  std::size_t refused_limit_bytes_ = 0;  // the least for one of await_longer_states_
  bool is_run_posted_ = false;
  bool is_running_ = false;
  std::unordered_map<Stream*, std::unique_ptr<Stream>> streams_;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_STREAM_SET_H_
