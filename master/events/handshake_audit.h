#ifndef MUSTER_MASTER_EVENTS_HANDSHAKE_AUDIT_H_
#define MUSTER_MASTER_EVENTS_HANDSHAKE_AUDIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "muster/loop/clock.h"
#include "muster/master/events/event_ring.h"
#include "muster/master/process/log.h"
#include "muster/proto/event.pb.h"

namespace muster::master {

// The handshakes of TLS that came to nothing: one line of the log and one event for each, but for
// each host one in kBetween at most, with the number of those that were left out. So a flood is one
// line with a count, and hides no other host. One thread.
class HandshakeAudit {
 public:
  static constexpr std::chrono::seconds kBetween{5};
  // Hosts that are told apart. The others share the lines of one.
  static constexpr std::size_t kMostHosts = 64;

  using Refused = admin::v1::RefusedHandshake;

  // `ring` and `log` outlive it.
  HandshakeAudit(EventRing& ring, Log& log) : ring_(ring), log_(log) {}
  HandshakeAudit(const HandshakeAudit&) = delete;
  HandshakeAudit& operator=(const HandshakeAudit&) = delete;

  // `host`: of the address, without the port.
  void Refuse(const std::string& host, const std::string& address, Refused::Reason reason,
              loop::TimePoint now);
  // Tells what was left out and can be told by now. To be called once a second or so.
  void Flush(loop::TimePoint now);

 private:
  struct Host {
    loop::TimePoint next{};      // when the next line may come
    std::uint64_t left_out = 0;  // since the last line
    Refused last{};              // of those
  };

  // Whether it has nothing to tell, and may tell the next one at once.
  static bool IsQuiet(const Host& host, loop::TimePoint now);
  void Tell(Host& host, loop::TimePoint now);

  EventRing& ring_;
  Log& log_;
  std::map<std::string, Host> hosts_;
  Host others_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_EVENTS_HANDSHAKE_AUDIT_H_
