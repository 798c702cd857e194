// A worker program of another project: a configuration's location names its handler, "greet". It
// has a schema by the name of one of muster's; greeter --version tells that both are linked.

#include <string>

#include "absl/strings/str_cat.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/http_program.h"
#include "muster/worker/runtime/run_worker.h"
#include "proto/config.pb.h"

namespace http = muster::worker::http;

http::Response Greet(const http::Request& request) {
  greeter::Config config;
  config.set_greeting("hello from");
  return {.body = absl::StrCat(config.greeting(), " ", request.path, "\n")};
}

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv,
                                   http::HttpProgram({{"greet", http::AnswerWith(Greet)}}));
}
