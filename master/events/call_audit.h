#ifndef MUSTER_MASTER_EVENTS_CALL_AUDIT_H_
#define MUSTER_MASTER_EVENTS_CALL_AUDIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/events/refusal_limit.h"
#include "muster/master/process/log.h"
#include "muster/proto/event.pb.h"
#include "muster/proto/state/process_state.pb.h"

namespace muster::master {

// Who called what, and what became of it: one line of the log and one event for each call that
// changes something, when its outcome is known, and for each call that was refused. Keeps those
// under way and the last ones, so that a caller who lost its connection can ask. Thread-safe.
class CallAudit {
 public:
  // Calls with an outcome that are kept.
  static constexpr std::size_t kMostDone = 256;
  static constexpr std::size_t kMostIdBytes = 64;
  static constexpr std::size_t kMostArgumentBytes = 512;

  // Who calls what, of a call that begins.
  struct Start {
    std::string id{};         // chosen by the client; empty: one is made
    std::string principal{};  // who calls, in whatever process: "uid:1000"
    std::string caller{};     // for people: "uid 1000 (pid 4711)"
    absl::string_view method{};
    std::string arguments{};
    std::uint64_t generation = 0;  // that serves
  };

  // `ring` and `log` outlive it.
  CallAudit(EventRing& ring, Log& log) : ring_(ring), log_(log) {}
  CallAudit(const CallAudit&) = delete;
  CallAudit& operator=(const CallAudit&) = delete;

  // Whether a client may choose this id: 1 to kMostIdBytes characters of ASCII that print, without
  // spaces and quotes.
  static bool IsId(absl::string_view id);
  // An id that nobody has.
  std::string NewId();

  // A call that changes something begins. Returns the id of the call. AlreadyExists: the principal
  // has chosen the id of a call of its own that is kept, which is what became of a change that is
  // sent twice.
  absl::StatusOr<std::string> Begin(const Start& start);
  // Its outcome. `code`: "OK", "ABORTED".
  void End(const std::string& principal, const std::string& id, absl::string_view code,
           absl::string_view message, std::uint64_t generation);
  // A call that its caller may not make, or not now. `code`: "PERMISSION_DENIED". In a flood most
  // of them are only counted.
  void Refuse(const Start& start, absl::string_view code, absl::string_view reason);

  // The call with this id: the principal's own, else the last one. Nothing: it is not known.
  std::optional<admin::v1::Call> Find(const std::string& principal, const std::string& id) const;
  // The latest last.
  std::vector<admin::v1::Call> List() const;

  // For the program that replaces this one: the calls that are kept. Not whose refusals are counted
  // only.
  state::v1::CallAuditState Save() const;
  // Goes on with them there, before the first call, in one thread. Calls that were under way still
  // are. The error has the field.
  absl::Status Restore(const state::v1::CallAuditState& state);
  // Ends all calls that are under way, but those about upgrades: their connections were the other
  // program's.
  void EndAll(absl::string_view code, absl::string_view message, std::uint64_t generation);
  // Ends those about upgrades, whose outcome is known now.
  void EndUpgrades(absl::string_view code, absl::string_view message, std::uint64_t generation);

 private:
  using Clock = std::chrono::steady_clock;
  using Key = std::pair<std::string, std::string>;  // the principal and the id
  struct Open {
    admin::v1::Call call;
    Clock::time_point began;
  };

  void EndThose(bool of_upgrades, absl::string_view code, absl::string_view message,
                std::uint64_t generation);
  static admin::v1::Call CallOf(const Start& start);
  static admin::v1::Call WithTime(const Open& open);
  void Tell(const admin::v1::Call& call, admin::v1::Event::Kind kind);

  EventRing& ring_;
  Log& log_;
  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::map<Key, Open> open_;
  std::deque<std::pair<Key, admin::v1::Call>> done_;
  RefusalLimit refusals_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_CALL_AUDIT_H_
