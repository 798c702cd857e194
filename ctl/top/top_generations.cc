#include "muster/ctl/top/top_generations.h"

#include <cstdint>
#include <functional>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

std::string NameOf(int state) {
  if (!v1::Worker::State_IsValid(state)) return absl::StrCat("in state ", state);
  const auto valid = static_cast<v1::Worker::State>(state);
  return absl::StrReplaceAll(absl::AsciiStrToLower(v1::Worker::State_Name(valid)), {{"_", " "}});
}

}  // namespace

std::string GenerationsLine(const v1::Status& status) {
  // By generation: how many workers are in each state.
  std::map<std::uint64_t, std::map<int, int>, std::greater<>> generations;
  for (const v1::Worker& worker : status.workers()) {
    ++generations[worker.generation()][worker.state()];
  }
  if (generations.size() < 2) return "";
  return absl::StrJoin(generations, "; ", [](std::string* text, const auto& generation) {
    absl::StrAppend(
        text, "generation ", generation.first, ": ",
        absl::StrJoin(generation.second, ", ", [](std::string* part, const auto& count) {
          absl::StrAppend(part, count.second, " ", NameOf(count.first));
        }));
  });
}

}  // namespace muster::ctl
