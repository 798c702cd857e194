#include <string>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

namespace http = muster::worker::http;

// [whoami]
http::Response Whoami(const http::Request& request) {
  std::string who = absl::StrCat(request.client.ToString(), " by ", request.listener);
  if (request.credentials.has_value()) absl::StrAppend(&who, ", uid ", request.credentials->uid);
  return {.body = who + "\n"};
}
// [end]

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv,
                                   http::HttpProgram({{"whoami", http::AnswerWith(Whoami)}}));
}
