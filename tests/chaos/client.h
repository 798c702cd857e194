#ifndef MUSTER_TESTS_CHAOS_CLIENT_H_
#define MUSTER_TESTS_CHAOS_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "muster/ipc/base/unique_fd.h"

namespace muster::tests::chaos {

// One keep-alive client that never blocks. Its kind follows from its number: some ask seldom, some
// without a pause, some read a large file slowly or hardly at all, some let half of a head or of a
// body wait. Not thread-safe.
class Client {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Kind { kIdle, kBusy, kDownload, kStuckDownload, kHalfHead, kHalfBody };

  struct Event {
    enum class What {
      kClosed,    // by the server; `text` has what the client was at
      kAnswered,  // wholly
      kStale,     // by a configuration before the one that was in force when the request began
      kWrong,     // with something that is no answer of ours
    };
    What what = What::kClosed;
    int configuration = 0;
    std::string text{};
  };

  // Begins to connect to 127.0.0.1:`port`. `connection` names this connection.
  Client(std::uint64_t number, std::uint64_t connection, std::uint16_t port);
  // The number of a stuck download, whatever other clients there are.
  static constexpr std::uint64_t kNumberOfStuckDownload = 1'000'008;

  // From now on a download does not wait between two reads.
  void Hurry() { is_hurried_ = true; }
  // Goes on: sends what is due, reads what has come. `demanded` is the configuration that a request
  // which begins now is to be answered by, `round` the round of it.
  std::vector<Event> Step(Time now, int demanded, std::uint64_t round, bool are_failures_allowed);

  std::uint64_t number() const { return number_; }
  std::uint64_t connection() const { return connection_; }
  Kind kind() const { return kind_; }
  Time opened() const { return opened_; }
  int fd() const { return fd_.get(); }
  std::uint16_t local_port() const { return local_port_; }
  bool is_closed() const { return !fd_.valid(); }
  bool is_within_answer() const { return phase_ == Phase::kAwaitsBody; }
  bool was_answered() const { return answers_ > 0; }
  // The round in which the last request began that was answered.
  std::uint64_t answered_round() const { return answered_round_; }
  // For people.
  std::string Text() const;

 private:
  enum class Phase { kPaused, kHalf, kAwaitsHead, kAwaitsBody };

  void SendWhatIsDue(Time now, int demanded, std::uint64_t round);
  bool Send(const std::string& bytes);
  // Reads what is there, but not more than a download takes at a time.
  void Read(Time now, bool are_failures_allowed, std::vector<Event>& events);
  bool TakeHead(bool are_failures_allowed, std::vector<Event>& events);
  void Finish(Time now, std::vector<Event>& events);
  void Close(const std::string& why, std::vector<Event>& events);
  std::size_t Portion() const;

  std::uint64_t number_;
  std::uint64_t connection_;
  Kind kind_;
  ipc::UniqueFd fd_;
  Time opened_;
  std::uint16_t local_port_ = 0;
  Phase phase_ = Phase::kPaused;
  Time next_{};             // when a pause, or a half request, is over
  Time next_read_{};        // of a download
  bool owes_body_ = false;  // the second half of one
  bool is_hurried_ = false;
  int demanded_ = 0;  // when the request began
  std::uint64_t round_ = 0;
  std::uint64_t answered_round_ = 0;
  std::uint64_t answers_ = 0;
  std::string head_;
  int configuration_ = 0;
  std::size_t body_left_ = 0;
};

// What the server has to have for clients: at /big this many bytes, at /small and /post something.
inline constexpr std::size_t kBigFileBytes = 3'000'000;

}  // namespace muster::tests::chaos

#endif  // MUSTER_TESTS_CHAOS_CLIENT_H_
