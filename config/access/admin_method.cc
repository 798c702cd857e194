#include "muster/config/access/admin_method.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/ipc/base/check.h"

namespace muster::config {
namespace {

using v1::ADMIN;
using v1::OPERATOR;
using v1::VIEWER;

constexpr bool kStream = true;

// What is code as the master is for ADMIN: what names a program or brings a configuration.
constexpr AdminMethod kMethods[] = {
    {"/muster.admin.v1.Admin/GetStatus", VIEWER},
    {"/muster.admin.v1.Admin/ListWorkers", VIEWER},
    {"/muster.admin.v1.Admin/GetStats", VIEWER},
    {"/muster.admin.v1.Admin/WatchEvents", VIEWER, kStream},
    {"/muster.admin.v1.Admin/WatchStatus", VIEWER, kStream},
    {"/muster.admin.v1.Admin/GetCall", VIEWER},
    {"/muster.admin.v1.Admin/ListCalls", VIEWER},
    {"/muster.admin.v1.Admin/GetConfig", VIEWER},
    {"/muster.admin.v1.Admin/ListZones", VIEWER},
    {"/muster.admin.v1.Admin/ListLocks", VIEWER},
    // It runs the program that the file names, as a reload does.
    {"/muster.admin.v1.Admin/CheckConfig", OPERATOR},
    {"/muster.admin.v1.Admin/CheckConfigText", ADMIN},
    {"/muster.admin.v1.Admin/Reload", OPERATOR},
    {"/muster.admin.v1.Admin/ReloadConfigText", ADMIN},
    {"/muster.admin.v1.Admin/ListGenerations", VIEWER},
    // It brings nothing that has not served.
    {"/muster.admin.v1.Admin/Rollback", OPERATOR},
    {"/muster.admin.v1.Admin/Restart", OPERATOR},
    {"/muster.admin.v1.Admin/ChangeWorker", OPERATOR},
    {"/muster.admin.v1.Admin/Scale", OPERATOR},
    {"/muster.admin.v1.Admin/Upgrade", ADMIN},
    {"/muster.admin.v1.Admin/UndoUpgrade", ADMIN},
    {"/muster.admin.v1.Admin/CommitUpgrade", ADMIN},
    {"/muster.admin.v1.Admin/SetLogLevel", OPERATOR},
    {"/muster.admin.v1.Admin/Reopen", OPERATOR},
    {"/muster.admin.v1.Admin/Pause", OPERATOR},
    {"/muster.admin.v1.Admin/Resume", OPERATOR},
    {"/muster.admin.v1.Admin/Quit", OPERATOR},
    {"/muster.admin.v1.Admin/Stop", OPERATOR},
    {"/grpc.health.v1.Health/Check", VIEWER},
    {"/grpc.health.v1.Health/Watch", VIEWER, kStream},
    {"/grpc.channelz.v1.Channelz/GetTopChannels", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetServers", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetServer", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetServerSockets", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetChannel", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetSubchannel", VIEWER},
    {"/grpc.channelz.v1.Channelz/GetSocket", VIEWER},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", VIEWER, kStream},
};

}  // namespace

absl::string_view AdminMethod::name() const { return absl::StripPrefix(path, kAdminService); }

absl::Span<const AdminMethod> AdminMethods() { return kMethods; }

const AdminMethod* FindAdminMethod(absl::string_view path) {
  const auto* const found =
      std::find_if(std::begin(kMethods), std::end(kMethods),
                   [&](const AdminMethod& method) { return method.path == path; });
  return found == std::end(kMethods) ? nullptr : found;
}

const AdminMethod& AdminMethodAt(absl::string_view path) {
  const AdminMethod* const found = FindAdminMethod(path);
  MUSTER_CHECK(found != nullptr, "each method has its line in the table");
  return *found;
}

std::string MethodPattern(absl::string_view text) {
  const bool is_short = !absl::StrContains(text, '/') && !absl::StartsWith(text, "*");
  return absl::StrCat(is_short ? kAdminService : "", text);
}

}  // namespace muster::config
