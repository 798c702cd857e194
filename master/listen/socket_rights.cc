#include "muster/master/listen/socket_rights.h"

#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/aside/wait_note.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

constexpr std::size_t kMostRecordBytes = 1 << 20;
// Not an id, but to chown: leave it as it is.
constexpr std::uint32_t kAsItIs = 0xffffffff;

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
  if (absl::SimpleAtoi(text, &number) && number != kAsItIs) return number;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no number of a ", kind, "; the largest is ", kAsItIs - 1));
}

// Asks the kernel, with a file that nobody sees.
absl::Status TryToGive(Id owner, Id group, absl::string_view to) {
  const ipc::UniqueFd file(::memfd_create("muster-owner", MFD_CLOEXEC));
  if (!file.valid()) return ipc::ErrnoStatus("memfd_create");
  if (::fchown(file.get(), owner, group) == 0) return absl::OkStatus();
  return ipc::ErrnoStatus(absl::StrCat("give a file to ", to));
}

absl::StatusOr<Id> FindOwner(const std::string& text) {
  MUSTER_ASSIGN_OR_RETURN(const Id id, FindId(&::getpwnam_r, &passwd::pw_uid, "user", text));
  MUSTER_RETURN_IF_ERROR(TryToGive(id, kAsItIs, absl::StrCat("user \"", text, "\"")));
  return id;
}

absl::StatusOr<Id> FindGroup(const std::string& text) {
  MUSTER_ASSIGN_OR_RETURN(const Id id, FindId(&::getgrnam_r, &group::gr_gid, "group", text));
  MUSTER_RETURN_IF_ERROR(TryToGive(kAsItIs, id, absl::StrCat("group \"", text, "\"")));
  return id;
}

}  // namespace

absl::StatusOr<mode_t> ParseSocketMode(absl::string_view text) {
  const bool has_digits = !text.empty() && text.find_first_not_of("01234567") == text.npos;
  unsigned int mode = 0;
  for (const char digit : text) mode = mode * 8 + static_cast<unsigned int>(digit - '0');
  if (has_digits && (text.size() == 3 || text.size() == 4) && mode <= 0777) return mode_t{mode};
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CEscape(text),
                                                 "\" is no mode of a file; write it in octal, from "
                                                 "\"0000\" to \"0777\", for example \"0660\""));
}

absl::StatusOr<SocketRights> FindSocketRights(const std::string& mode, const std::string& owner,
                                              const std::string& group, absl::string_view field) {
  SocketRights rights;
  if (!mode.empty()) {
    const absl::StatusOr<mode_t> parsed = ParseSocketMode(mode);
    if (!parsed.ok()) return config::AtField(parsed.status(), absl::StrCat(field, ".mode"));
    rights.mode = *parsed;
  }
  if (!owner.empty()) {
    const absl::StatusOr<Id> id = FindOwner(owner);
    if (!id.ok()) return config::AtField(id.status(), absl::StrCat(field, ".owner"));
    rights.owner = *id;
  }
  if (!group.empty()) {
    const absl::StatusOr<Id> id = FindGroup(group);
    if (!id.ok()) return config::AtField(id.status(), absl::StrCat(field, ".group"));
    rights.group = *id;
  }
  return rights;
}

}  // namespace muster::master
