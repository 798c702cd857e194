#include "muster/worker/http/pages/stub_status.h"

#include "absl/strings/str_cat.h"

namespace muster::worker::http {

std::string FormatStubStatus(const StatsValues& values) {
  return absl::StrCat("Active connections: ", values.active,
                      " \nserver accepts handled requests\n ", values.accepted, " ", values.handled,
                      " ", values.requests, " \nReading: ", values.reading,
                      " Writing: ", values.writing, " Waiting: ", values.waiting, " \n");
}

}  // namespace muster::worker::http
