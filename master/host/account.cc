#include "muster/master/host/account.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/status.h"
#include "muster/master/aside/wait_note.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostRecordBytes = 1 << 20;
// To chown and to setuid it is no id.
constexpr std::uint32_t kNoId = 0xffffffff;

// uid_t and gid_t.
using Id = std::uint32_t;

// getpwnam_r and getgrnam_r.
template <typename Record>
using GetByName = int (*)(const char*, Record*, char*, std::size_t, Record**);

template <typename Record>
absl::StatusOr<Id> LookUp(GetByName<Record> get, Id Record::*id, absl::string_view kind,
                          const std::string& name) {
  const WaitNote note(absl::StrCat("looking up the ", kind), name);
  std::vector<char> memory(4096);
  while (true) {
    Record record = {};
    Record* found = nullptr;
    const int error = get(name.c_str(), &record, memory.data(), memory.size(), &found);
    if (found != nullptr) return record.*id;
    if (error == EINTR) continue;
    if (error == ERANGE && memory.size() < kMostRecordBytes) {
      memory.resize(2 * memory.size());
      continue;
    }
    const std::string quoted = absl::StrCat("\"", absl::CEscape(name), "\"");
    // POSIX lets these mean that there is none.
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) {
      return absl::NotFoundError(
          absl::StrCat(quoted, " is no ", kind, " of this machine; write a name or a number"));
    }
    return ipc::ErrnoStatus(absl::StrCat("look up the ", kind, " ", quoted), error);
  }
}

template <typename Record>
absl::StatusOr<Id> FindId(GetByName<Record> get, Id Record::*id, absl::string_view kind,
                          const std::string& text) {
  if (text.find_first_not_of("0123456789") != text.npos) return LookUp(get, id, kind, text);
  Id number = 0;
  if (absl::SimpleAtoi(text, &number) && number != kNoId) return number;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no number of a ", kind, "; the largest is ", kNoId - 1));
}

}  // namespace

absl::StatusOr<uid_t> FindUser(const std::string& text) {
  return FindId(&::getpwnam_r, &passwd::pw_uid, "user", text);
}

absl::StatusOr<gid_t> FindGroup(const std::string& text) {
  return FindId(&::getgrnam_r, &group::gr_gid, "group", text);
}

}  // namespace muster::master
