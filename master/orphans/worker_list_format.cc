#include "muster/master/orphans/worker_list_format.h"

#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::master {
namespace {

// Digits only: SimpleAtoi takes signs and blanks, too.
template <typename Number>
bool Read(absl::string_view text, Number* number) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return absl::SimpleAtoi(text, number);
}

bool IsBootId(absl::string_view text) {
  if (text.size() != kBootIdBytes) return false;
  for (const char c : text) {
    if (c != '-' && !absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

std::optional<ListedWorker> ParseLine(absl::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::StripTrailingAsciiWhitespace(line), ' ');
  ListedWorker worker;
  if (words.size() != 4 || !Read(words[0], &worker.pid) || !Read(words[1], &worker.start_time) ||
      !Read(words[2], &worker.uid) || !IsBootId(words[3])) {
    return std::nullopt;
  }
  // What StartTimeTicks says of a process that is not there.
  if (worker.pid == 0 || worker.start_time == 0) return std::nullopt;
  worker.boot_id = std::string(words[3]);
  return worker;
}

}  // namespace

std::string FormatWorkerLine(const ListedWorker& worker) {
  std::string line =
      absl::StrCat(worker.pid, " ", worker.start_time, " ", worker.uid, " ", worker.boot_id);
  line.resize(kWorkerLineBytes - 1, ' ');
  return line + "\n";
}

std::vector<ListedWorker> ParseWorkerList(absl::string_view text) {
  std::vector<ListedWorker> workers;
  for (std::size_t at = 0; at + kWorkerLineBytes <= text.size(); at += kWorkerLineBytes) {
    if (auto worker = ParseLine(text.substr(at, kWorkerLineBytes))) {
      workers.push_back(*std::move(worker));
    }
  }
  return workers;
}

}  // namespace muster::master
