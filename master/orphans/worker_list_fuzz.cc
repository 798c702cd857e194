// For libFuzzer: what is read from a file of workers is written and read again as the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "muster/ipc/base/check.h"
#include "muster/master/orphans/worker_list_format.h"

namespace muster::master {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<ListedWorker> workers =
      ParseWorkerList({reinterpret_cast<const char*>(data), size});
  std::string text;
  for (const ListedWorker& worker : workers) {
    MUSTER_CHECK(worker.pid > 0 && worker.start_time > 0, "a process");
    const std::string line = FormatWorkerLine(worker);
    MUSTER_CHECK(line.size() == kWorkerLineBytes, "one line");
    text += line;
  }
  MUSTER_CHECK(ParseWorkerList(text) == workers, "the same again");
  return 0;
}

}  // namespace muster::master
