#include "muster/worker/testing/echo_answer.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::worker::testing {

std::string Answer(const TestWorker& worker, absl::string_view line) {
  return absl::StrCat(worker.pid(), " ", line);
}

pid_t AskForPid(const TestClient& client) {
  client.Send("who\n");
  const std::vector<std::string> words = absl::StrSplit(client.ReadLine(), ' ');
  pid_t pid = 0;
  return absl::SimpleAtoi(words[0], &pid) ? pid : 0;
}

}  // namespace muster::worker::testing
