#include "muster/examples/whoami/whoami_handler.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace muster::examples {

namespace http = worker::http;

// [whoami]
http::Response Whoami(const http::Request& request) {
  std::string who = absl::StrCat(request.client.ToString(), " by ", request.listener);
  if (request.credentials.has_value()) absl::StrAppend(&who, ", uid ", request.credentials->uid);
  return {.body = who + "\n"};
}
// [end]

}  // namespace muster::examples
