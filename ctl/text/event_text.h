#ifndef MUSTER_CTL_TEXT_EVENT_TEXT_H_
#define MUSTER_CTL_TEXT_EVENT_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "muster/ctl/text/colour.h"
#include "muster/proto/event.pb.h"

namespace muster::ctl {

// Events as text for people. All functions are pure.

// "worker-crashed" of WORKER_CRASHED; "kind-99" of one that this ctl does not know.
std::string KindName(admin::v1::Event::Kind kind);
// The reverse. Empty: there is no such kind.
std::optional<admin::v1::Event::Kind> KindOf(absl::string_view name);

// One line with its newline: time, number, kind, text.
std::string EventLine(const admin::v1::Event& event, absl::TimeZone zone);

// That of the event's severity.
Colour ColourOf(const admin::v1::Event& event);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_EVENT_TEXT_H_
