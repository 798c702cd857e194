#include "muster/worker/http/pieces/handler_log.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/proto/counted.h"

namespace muster::worker::http {
namespace {

std::string CountLine(const LineThrottle::Count& count) {
  return absl::StrCat(config::Counted(count.lines, "more response"), " ", count.kind);
}

}  // namespace

HandlerLog::HandlerLog(Context& context) : context_(context), log_(context, CountLine) {}

void HandlerLog::OnException(absl::string_view name, absl::string_view text) {
  log_.Write(config::v1::Log::ERROR, absl::StrCat("ended for an exception: ", name),
             absl::StrCat("a response ends for an exception: ", name, ": ", text));
}

void HandlerLog::OnBadResponse(absl::string_view reason) {
  log_.Write(config::v1::Log::ERROR, "could not be sent",
             absl::StrCat("a handler's response cannot be sent: ", reason));
}

void HandlerLog::OnBadTrailer(absl::string_view reason) {
  log_.Write(config::v1::Log::ERROR, "went without a field",
             absl::StrCat("a handler's response goes without a field: ", reason));
}

}  // namespace muster::worker::http
