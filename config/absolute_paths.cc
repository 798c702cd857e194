#include "muster/config/absolute_paths.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "muster/host/path.h"

namespace muster::config {
namespace {

void MakeAbsolute(std::string* path, absl::string_view prefix) {
  if (!path->empty()) *path = host::JoinPath(prefix, *path);
}

void MakeAddressAbsolute(std::string* address, absl::string_view prefix) {
  absl::string_view path = *address;
  if (!absl::ConsumePrefix(&path, "unix:") || path.empty()) return;
  *address = absl::StrCat("unix:", host::JoinPath(prefix, path));
}

void MakePagesAbsolute(google::protobuf::RepeatedPtrField<v1::ErrorPage>* pages,
                       absl::string_view prefix) {
  for (v1::ErrorPage& page : *pages) {
    if (page.has_file()) MakeAbsolute(page.mutable_file(), prefix);
  }
}

}  // namespace

void MakePathsAbsolute(v1::Config* config, absl::string_view prefix) {
  for (v1::Listen& listen : *config->mutable_listen()) {
    if (listen.has_address()) MakeAddressAbsolute(listen.mutable_address(), prefix);
  }
  if (config->has_pid_file()) MakeAbsolute(config->mutable_pid_file(), prefix);
  if (config->has_worker_binary()) MakeAbsolute(config->mutable_worker_binary(), prefix);
  if (config->has_working_directory()) {
    MakeAbsolute(config->mutable_working_directory(), prefix);
  }
  if (config->log().has_path()) MakeAbsolute(config->mutable_log()->mutable_path(), prefix);
  for (std::string& address : *config->mutable_admin()->mutable_listen()) {
    MakeAddressAbsolute(&address, prefix);
  }
  if (config->admin().has_metrics()) {
    MakeAddressAbsolute(config->mutable_admin()->mutable_metrics()->mutable_listen(), prefix);
  }
  if (config->admin().has_tls()) {
    v1::AdminTls* tls = config->mutable_admin()->mutable_tls();
    MakeAbsolute(tls->mutable_certificate(), prefix);
    MakeAbsolute(tls->mutable_key(), prefix);
    MakeAbsolute(tls->mutable_client_ca(), prefix);
  }
  if (!config->has_http()) return;
  v1::Http* http = config->mutable_http();
  if (http->access_log().has_path()) {
    MakeAbsolute(http->mutable_access_log()->mutable_path(), prefix);
  }
  MakePagesAbsolute(http->mutable_error_page(), prefix);
  for (v1::Location& location : *http->mutable_location()) {
    if (location.has_root()) MakeAbsolute(location.mutable_root(), prefix);
    MakePagesAbsolute(location.mutable_error_page(), prefix);
  }
}

}  // namespace muster::config
