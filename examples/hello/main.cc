#include "absl/strings/str_cat.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"

// [hello]
namespace http = muster::worker::http;

http::Response Hello(const http::Request& request) {
  return {.body = absl::StrCat("Hello, ", request.path.substr(7), "!\n")};  // without "/hello/"
}

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv,
                                   http::HttpProgram({{"hello", http::AnswerWith(Hello)}}));
}
// [end]
