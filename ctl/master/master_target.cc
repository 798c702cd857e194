#include "muster/ctl/master/master_target.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "muster/cli/spelling.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

using client::v1::NamedMaster;

std::string Within(const std::filesystem::path& folder, const std::string& path) {
  return (folder / path).lexically_normal().string();
}

bool IsThere(const Surroundings& surroundings, const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(Within(surroundings.directory, path), error);
}

absl::Status WrongAddress(absl::string_view address, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("master address \"", address, "\": ", why));
}

absl::Status SetHostAndPort(absl::string_view address, MasterTarget& target) {
  MUSTER_ASSIGN_OR_RETURN(HostAndPort parsed, ParseHostAndPort(address));
  target.host = std::move(parsed.host);
  target.port = std::move(parsed.port);
  return absl::OkStatus();
}

absl::StatusOr<MasterTarget> OfEntry(const NamedMaster& entry, const NamedMasters& masters) {
  const std::string folder = std::filesystem::path(masters.path()).parent_path().string();
  MasterTarget target = {.label = entry.name()};
  if (!IsHostAndPort(entry.address())) {
    const Surroundings there = {.directory = folder, .workspace = {}, .config_file = {}};
    MUSTER_ASSIGN_OR_RETURN(target.paths, SocketPaths(entry.address(), there));
    return target;
  }
  MUSTER_RETURN_IF_ERROR(SetHostAndPort(entry.address(), target));
  if (entry.insecure()) return target;
  target.tls = {.certificate = Within(folder, entry.certificate()),
                .key = Within(folder, entry.key()),
                .server_ca = Within(folder, entry.server_ca()),
                .server_name = entry.server_name().empty() ? target.host : entry.server_name()};
  return target;
}

absl::Status NoSuchName(const std::string& word, const NamedMasters& masters) {
  const std::vector<std::string> names = masters.names();
  const std::string meant = cli::LikelyMeant(word, names);
  std::string known = absl::StrCat("; ", masters.path(), " has ", absl::StrJoin(names, ", "));
  if (names.empty()) {
    known = absl::StrCat("; no master has a name", masters.path().empty() ? "" : " in ",
                         masters.path());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no master has the name \"", word, "\"",
                   meant.empty() ? known : absl::StrCat("; did you mean \"", meant, "\"?"),
                   meant.empty() ? absl::StrCat(". To name a socket, write ./", word) : ""));
}

class Finder {
 public:
  Finder(const MasterChoice& choice, const Surroundings& surroundings,
         const std::function<absl::StatusOr<NamedMasters>()>& load)
      : choice_(choice), surroundings_(surroundings), load_(load) {}

  absl::StatusOr<MasterTarget> Find(const std::string& word) {
    if (IsHostAndPort(word)) return FindTcp(word);
    if (NamedMasters::IsName(word)) {
      MUSTER_RETURN_IF_ERROR(Load());
      if (const NamedMaster* entry = masters_->Find(word)) return OfEntry(*entry, *masters_);
      if (!IsThere(surroundings_, word)) return NoSuchName(word, *masters_);
    }
    MasterTarget target = {.label = word};
    MUSTER_ASSIGN_OR_RETURN(target.paths, SocketPaths(word, surroundings_));
    return target;
  }

  absl::StatusOr<MasterTarget> FindDefault() {
    MUSTER_RETURN_IF_ERROR(Load());
    if (!masters_->default_master().empty()) {
      return OfEntry(*masters_->Find(masters_->default_master()), *masters_);
    }
    MasterTarget target = {.label = "master"};
    MUSTER_ASSIGN_OR_RETURN(target.paths, SocketPaths(std::nullopt, surroundings_));
    return target;
  }

 private:
  absl::Status Load() {
    if (masters_.has_value()) return absl::OkStatus();
    MUSTER_ASSIGN_OR_RETURN(masters_, load_());
    return absl::OkStatus();
  }

  absl::StatusOr<MasterTarget> FindTcp(const std::string& word) {
    MasterTarget target = {.label = word};
    MUSTER_RETURN_IF_ERROR(SetHostAndPort(word, target));
    if (choice_.is_insecure) return target;
    MUSTER_RETURN_IF_ERROR(Load());
    for (const std::string& name : masters_->names()) {
      const NamedMaster& entry = *masters_->Find(name);
      if (entry.address() == word) return OfEntry(entry, *masters_);
    }
    return WrongAddress(
        word, absl::StrCat("over TCP both sides show a certificate: add a master with this address "
                           "to ",
                           masters_->path().empty() ? "the file of --ctl-config" : masters_->path(),
                           ", or say --insecure"));
  }

  const MasterChoice& choice_;
  const Surroundings& surroundings_;
  const std::function<absl::StatusOr<NamedMasters>()>& load_;
  std::optional<NamedMasters> masters_;
};

}  // namespace

absl::StatusOr<std::vector<MasterTarget>> FindMasters(
    const MasterChoice& choice, const Surroundings& surroundings,
    const std::function<absl::StatusOr<NamedMasters>()>& load) {
  Finder finder(choice, surroundings, load);
  std::vector<MasterTarget> targets;
  if (!choice.masters.has_value()) {
    MUSTER_ASSIGN_OR_RETURN(MasterTarget target, finder.FindDefault());
    targets.push_back(std::move(target));
    return targets;
  }
  // A path may have a comma.
  std::vector<std::string> words = {*choice.masters};
  if (!IsThere(surroundings, *choice.masters)) words = absl::StrSplit(*choice.masters, ',');
  for (const std::string& word : words) {
    MUSTER_ASSIGN_OR_RETURN(MasterTarget target, finder.Find(word));
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace muster::ctl
