// For libFuzzer: a byte for the method, a byte for the id of the call, then the request. Whatever a
// client sends over a real connection to a real server, and the core of the master then decides:
// the call is answered once, an error has details, and what is told of it is bounded.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "muster/ipc/base/check.h"
#include "muster/master/testing/test_admin.h"
#include "muster/proto/error_details.pb.h"

namespace muster::master {
namespace {

// Of one event, and of one line of the log: two texts of 1 KiB, and what is around them.
constexpr std::size_t kMostEventBytes = 6 * 1024;
constexpr std::size_t kMostLineBytes = 6 * 1024;
// Of what one call may write into the log and the events.
constexpr std::size_t kMostLines = 256;
constexpr std::size_t kMostEvents = 32;

void CheckDetails(const grpc::Status& status) {
  google::rpc::Status details;
  MUSTER_CHECK(details.ParseFromString(status.error_details()), "the details are a message");
  MUSTER_CHECK(details.code() == status.error_code(), "the details have the code");
  google::rpc::ErrorInfo info;
  MUSTER_CHECK(details.details_size() > 0 && details.details(0).UnpackTo(&info),
               "an error has an ErrorInfo");
  MUSTER_CHECK(!info.reason().empty() && info.domain() == "muster", "an ErrorInfo has a reason");
}

void CheckAnswer(const config::AdminMethod& method, const TestAdmin::Answer& answer,
                 bool is_request) {
  const grpc::StatusCode code = answer.status.error_code();
  if (!is_request) {
    MUSTER_CHECK(code == grpc::StatusCode::INVALID_ARGUMENT, "what is no request is refused");
    MUSTER_CHECK(answer.messages == 0, "what is no request is not answered");
    return;
  }
  MUSTER_CHECK(code != grpc::StatusCode::INTERNAL && code != grpc::StatusCode::UNKNOWN &&
                   code != grpc::StatusCode::DEADLINE_EXCEEDED,
               "each request has an answer that says something");
  if (!method.is_stream) {
    MUSTER_CHECK(answer.messages == (answer.status.ok() ? 1 : 0), "a call is answered once");
  }
  if (answer.status.ok() || answer.was_left) return;
  // Those of others are as their authors want them.
  if (absl::StartsWith(method.path, config::kAdminService)) CheckDetails(answer.status);
}

// What is in the log since the last call; it is empty then.
void CheckLog(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  file.close();
  std::size_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++lines;
    MUSTER_CHECK(line.size() <= kMostLineBytes, "a line of the log is bounded");
  }
  MUSTER_CHECK(lines <= kMostLines, "the lines of a call are bounded");
  std::ofstream(path, std::ios::trunc).flush();
}

class Target {
 public:
  void Try(absl::string_view bytes) {
    const auto methods = config::AdminMethods();
    const config::AdminMethod& method =
        methods[static_cast<std::uint8_t>(bytes[0]) % methods.size()];
    const std::string id = IdOf(static_cast<std::uint8_t>(bytes[1]));
    const absl::string_view request = bytes.substr(2);
    const std::uint64_t before = admin_.events().next();
    const TestAdmin::Answer answer = admin_.Ask(method, request, id);

    const std::unique_ptr<google::protobuf::Message> message = RequestOf(method);
    const bool is_request =
        message->ParseFromArray(request.data(), static_cast<int>(request.size()));
    CheckAnswer(method, answer, is_request);
    if (is_request && !id.empty() && answer.status.ok() &&
        absl::StartsWith(method.path, config::kAdminService) && !method.is_stream) {
      MUSTER_CHECK(answer.id == id, "the id comes back");
    }
    CheckEvents(before);
    CheckLog(admin_.log_path());
  }

 private:
  // None; one of a few, which come again; a new one.
  std::string IdOf(std::uint8_t byte) {
    if (byte < 128) return "";
    return byte < 192 ? absl::StrCat("again-", byte % 4) : absl::StrCat("new-", ++last_id_);
  }

  void CheckEvents(std::uint64_t before) const {
    const EventRing::Batch batch = admin_.events().Read(before, EventRing::kCapacity);
    MUSTER_CHECK(batch.events.size() <= kMostEvents, "the events of a call are bounded");
    std::size_t audited = 0;
    for (const auto& event : batch.events) {
      MUSTER_CHECK(event->ByteSizeLong() <= kMostEventBytes, "an event is bounded");
      if (event->has_call()) ++audited;
    }
    MUSTER_CHECK(audited <= 1, "a call is audited once");
  }

  TestAdmin admin_;
  std::uint64_t last_id_ = 0;
};

}  // namespace
}  // namespace muster::master

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace muster;
  // It reports texts that are no UTF-8.
  const google::protobuf::LogSilencer silencer;
  if (size < 2) return 0;
  static master::Target target;
  target.Try(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
