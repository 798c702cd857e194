#include "muster/master/events/handshake_audit.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "muster/master/events/audit_line.h"

namespace muster::master {

bool HandshakeAudit::IsQuiet(const Host& host, loop::TimePoint now) {
  return host.left_out == 0 && host.next <= now;
}

void HandshakeAudit::Refuse(const std::string& host, const std::string& address,
                            Refused::Reason reason, loop::TimePoint now) {
  auto found = hosts_.find(host);
  if (found == hosts_.end() && hosts_.size() >= kMostHosts) {
    std::erase_if(hosts_, [&](const auto& entry) { return IsQuiet(entry.second, now); });
  }
  if (found == hosts_.end() && hosts_.size() < kMostHosts) found = hosts_.try_emplace(host).first;
  Host& counted = found == hosts_.end() ? others_ : found->second;
  ++counted.left_out;
  counted.last.set_address(address);
  counted.last.set_reason(reason);
  if (counted.next <= now) Tell(counted, now);
}

void HandshakeAudit::Flush(loop::TimePoint now) {
  for (auto& [name, host] : hosts_) {
    if (host.left_out > 0 && host.next <= now) Tell(host, now);
  }
  if (others_.left_out > 0 && others_.next <= now) Tell(others_, now);
}

void HandshakeAudit::Tell(Host& host, loop::TimePoint now) {
  host.next = now + kBetween;
  // But the one that is told.
  host.last.set_left_out(std::exchange(host.left_out, 0) - 1);
  log_.Audit(
      Severity::kWarning,
      absl::StrCat("audit: ", log_.audits_as_json() ? AuditJson(host.last) : AuditLine(host.last)));
  admin::v1::Event event;
  event.set_kind(admin::v1::Event::HANDSHAKE_REFUSED);
  event.set_severity(admin::v1::Event::WARNING);
  event.set_text(absl::StrCat(
      "handshake of TLS with ", host.last.address(), ": ", Refused::Reason_Name(host.last.reason()),
      host.last.left_out() == 0 ? ""
                                : absl::StrCat(" (", host.last.left_out(), " more before it)")));
  *event.mutable_handshake() = host.last;
  ring_.Add(std::move(event));
}

}  // namespace muster::master
