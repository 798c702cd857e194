#include "muster/host/account.h"

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
#include "muster/host/wait_note.h"
#include "muster/ipc/base/status.h"

namespace muster::host {
namespace {

constexpr std::size_t kMostRecordBytes = 1 << 20;
// To chown and to setuid it is no id.
constexpr std::uint32_t kNoId = 0xffffffff;

// uid_t and gid_t.
using Id = std::uint32_t;

// getpwnam_r, getgrnam_r and getpwuid_r.
template <typename Key, typename Record>
using Get = int (*)(Key, Record*, char*, std::size_t, Record**);

// What `record` points to is in `memory`. False: there is none.
template <typename Key, typename Record>
absl::StatusOr<bool> LookUpRecord(Get<Key, Record> get, Key key, absl::string_view kind,
                                  const std::string& name, Record* record,
                                  std::vector<char>* memory) {
  const WaitNote note(absl::StrCat("looking up the ", kind), name);
  memory->resize(4096);
  while (true) {
    Record* found = nullptr;
    const int error = get(key, record, memory->data(), memory->size(), &found);
    if (found != nullptr) return true;
    if (error == EINTR) continue;
    if (error == ERANGE && memory->size() < kMostRecordBytes) {
      memory->resize(2 * memory->size());
      continue;
    }
    // POSIX lets these mean that there is none.
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) {
      return false;
    }
    return ipc::ErrnoStatus(absl::StrCat("look up the ", kind, " \"", absl::CEscape(name), "\""),
                            error);
  }
}

template <typename Record>
absl::StatusOr<Id> LookUp(Get<const char*, Record> get, Id Record::*id, absl::string_view kind,
                          const std::string& name) {
  Record record = {};
  std::vector<char> memory;
  MUSTER_ASSIGN_OR_RETURN(const bool is_found,
                          LookUpRecord(get, name.c_str(), kind, name, &record, &memory));
  if (is_found) return record.*id;
  return absl::NotFoundError(absl::StrCat("\"", absl::CEscape(name), "\" is no ", kind,
                                          " of this machine; write a name or a number"));
}

std::vector<gid_t> GroupsOf(const passwd& account) {
  std::vector<gid_t> groups(64);
  while (true) {
    int count = static_cast<int>(groups.size());
    const int result = ::getgrouplist(account.pw_name, account.pw_gid, groups.data(), &count);
    groups.resize(static_cast<std::size_t>(count));
    if (result >= 0) return groups;
  }
}

template <typename Record>
absl::StatusOr<Id> FindId(Get<const char*, Record> get, Id Record::*id, absl::string_view kind,
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

absl::StatusOr<Account> FindAccount(const std::string& text) {
  MUSTER_ASSIGN_OR_RETURN(const uid_t user, FindUser(text));
  passwd record = {};
  std::vector<char> memory;
  const Get<uid_t, passwd> get = &::getpwuid_r;
  MUSTER_ASSIGN_OR_RETURN(const bool is_found,
                          LookUpRecord(get, user, "user", text, &record, &memory));
  if (!is_found) return Account{user, std::nullopt, {}};
  const WaitNote note("looking up the groups of the user", text);
  return Account{user, record.pw_gid, GroupsOf(record)};
}

}  // namespace muster::host
