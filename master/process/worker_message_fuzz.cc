// For libFuzzer: two bytes of a command, then the payload. Whatever a worker sends to the master,
// the texts in the event can be logged, and told by the admin service.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/channel/channel.h"
#include "muster/master/process/worker_message.h"
#include "muster/proto/field_error.h"
#include "muster/proto/utf8.h"

namespace muster::master {
namespace {

void CheckText(absl::string_view text) {
  MUSTER_CHECK(text.size() <= kMostWorkerTextBytes, "a text is cut");
  MUSTER_CHECK(config::IsUtf8(text), "a text can be in a message");
  for (const char c : text) {
    MUSTER_CHECK(c == '\t' || !absl::ascii_iscntrl(static_cast<unsigned char>(c)),
                 "a text is a part of one line");
  }
}

void Check(const Event& event) {
  if (const auto* failed = std::get_if<FailedEvent>(&event)) {
    MUSTER_CHECK(!failed->reason.ok() && !failed->reason.message().empty(), "there is a reason");
    CheckText(failed->reason.message());
    CheckText(config::FieldOf(failed->reason));
  } else if (const auto* acked = std::get_if<AckedEvent>(&event)) {
    CheckText(acked->error);
  } else {
    MUSTER_CHECK(std::holds_alternative<ReadyEvent>(event), "a worker says nothing else");
  }
}

}  // namespace
}  // namespace muster::master

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace muster;
  // It reports texts that are no UTF-8.
  const google::protobuf::LogSilencer silencer;
  if (size < 2) return 0;
  ipc::ReceivedMessage message;
  message.command = static_cast<std::uint16_t>(data[0] | data[1] << 8);
  message.payload.assign(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (const std::optional<master::Event> event = master::ReadWorkerMessage(0, message)) {
    master::Check(*event);
  }
  return 0;
}
