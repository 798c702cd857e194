#include "muster/worker/http/log/request_ids.h"

#include <sys/random.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/retry.h"
#include "muster/worker/http/message/header_fields.h"

namespace muster::worker::http {
namespace {

constexpr absl::string_view kName = "X-Request-ID";

}  // namespace

bool RequestIds::IsWellFormed(absl::string_view id) {
  return !id.empty() && id.size() <= kMostBytes &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string RequestIds::IdOf(const RequestHead& head) {
  int fields = 0;
  absl::string_view id;
  HeaderFields(head.fields()).ForEach([&](absl::string_view name, absl::string_view value) {
    if (!absl::EqualsIgnoreCase(name, kName)) return;
    ++fields;
    id = value;
  });
  return fields == 1 && IsWellFormed(id) ? std::string(id) : Make();
}

std::string RequestIds::Make() {
  if (next_ == random_.size()) {
    // So many bytes at most come at once, and whole.
    static_assert(sizeof(random_) % 256 == 0);
    for (std::size_t at = 0; at < random_.size(); at += 256) {
      const ssize_t read = ipc::RetryOnEintr([&] { return ::getrandom(&random_[at], 256, 0); });
      MUSTER_CHECK(read == 256, "the kernel has random bytes");
    }
    next_ = 0;
  }
  const auto* bytes = reinterpret_cast<const char*>(&random_[next_]);
  next_ += kBytes;
  return absl::BytesToHexString(absl::string_view(bytes, kBytes));
}

void InsertRequestId(std::string& out, std::size_t start, absl::string_view id) {
  const std::size_t fields = out.find("\r\n", start) + 2;
  std::size_t line = fields;
  // Up to the empty line behind the fields.
  for (std::size_t end; (end = out.find("\r\n", line)) != line; line = end + 2) {
    const auto text = absl::string_view(out).substr(line, end - line);
    if (text.size() <= kName.size() || text[kName.size()] != ':' ||
        !absl::StartsWithIgnoreCase(text, kName)) {
      continue;
    }
    out.erase(line, end + 2 - line);
    end = line - 2;
  }
  out.insert(fields, absl::StrCat(kName, ": ", id, "\r\n"));
}

}  // namespace muster::worker::http
