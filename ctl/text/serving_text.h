#ifndef MUSTER_CTL_TEXT_SERVING_TEXT_H_
#define MUSTER_CTL_TEXT_SERVING_TEXT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/units.h"
#include "muster/proto/counted.h"

namespace muster::ctl {

// What people are told of a generation that serves from now on: "generation 3 serves: 2 workers
// ready in 84ms", and a line for each warning. `answer`: that of Reload or Resume.
template <typename Answer>
std::string ServingText(const Answer& answer) {
  const absl::Duration took =
      absl::Seconds(answer.took().seconds()) + absl::Nanoseconds(answer.took().nanos());
  std::string text = absl::StrCat("generation ", answer.generation(),
                                  " serves: ", config::Counted(answer.workers_size(), "worker"),
                                  " ready in ", FormatElapsed(took), "\n");
  for (const std::string& warning : answer.warning()) {
    absl::StrAppend(&text, "warning: ", Printable(warning), "\n");
  }
  return text;
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TEXT_SERVING_TEXT_H_
