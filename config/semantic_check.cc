#include "muster/config/semantic_check.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/config/access/access_check.h"
#include "muster/config/http_check.h"
#include "muster/config/worker_check.h"
#include "muster/host/file_access.h"
#include "muster/listen/address.h"
#include "muster/listen/socket_rights.h"
#include "muster/proto/address_prefix.h"
#include "muster/proto/duration.h"
#include "muster/proto/listener_name.h"

namespace muster::config {
namespace {

using v1::Config;

constexpr char kNameRule[] = "\" may have letters, digits, \"_\", \"-\" and \".\" only";

bool IsZoneName(absl::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  });
}

class Checker {
 public:
  Checker(const Config& config, Reader reader) : config_(config), reader_(reader) {}

  std::vector<FieldMistake> Check() && {
    CheckListeners();
    CheckHeartbeat();
    CheckRestart();
    CheckStream();
    if (reader_ == Reader::kMaster) CheckMastersFiles();
    CheckAdmin();
    CheckZones();
    CheckWorkers(config_, mistakes_);
    if (reader_ == Reader::kMaster && config_.has_worker_binary()) {
      CheckProgram("worker_binary", config_.worker_binary());
    }
    if (config_.has_http()) {
      CheckHttp(config_.http(), mistakes_);
    } else if (!config_.has_service()) {
      Mistake("", "serves nothing; give it an http { ... } block, or service for one of your own");
    }
    return std::move(mistakes_);
  }

 private:
  void Mistake(std::string field, std::string problem) {
    mistakes_.push_back({std::move(field), std::move(problem)});
  }

  // `why`: it cannot be used as it is to be; empty: nothing is wrong.
  void MistakeUnlessEmpty(const std::string& field, const std::string& why) {
    if (!why.empty()) Mistake(field, why);
  }

  void CheckHeartbeat() {
    const google::protobuf::Duration& timeout = config_.heartbeat_timeout();
    if (timeout.seconds() >= 2 || (timeout.seconds() == 0 && timeout.nanos() == 0)) return;
    Mistake("heartbeat_timeout",
            "must be 0s or at least 2s: a worker tells once a second that it runs");
  }

  void CheckStream() {
    const v1::Stream& stream = config_.stream();
    if (stream.max_worker_unsent_bytes() >= stream.max_unsent_bytes()) return;
    Mistake("stream.max_worker_unsent_bytes",
            absl::StrCat("is ", stream.max_worker_unsent_bytes(),
                         ", less than max_unsent_bytes, which is ", stream.max_unsent_bytes(),
                         ": one client may have as much as all together"));
  }

  void CheckRestart() {
    const v1::Restart& restart = config_.restart();
    if (ToChrono(restart.floor()) <= ToChrono(restart.ceiling())) return;
    Mistake("restart.ceiling", "must not be shorter than the floor, the first pause");
  }

  void CheckLog(const std::string& field, const std::string& path) {
    if (path.empty()) return;  // the rules tell
    MistakeUnlessEmpty(field, host::WhyNotLoggable(path));
  }

  void CheckMastersFiles() {
    CheckPidFile(config_.pid_file());
    if (config_.log().has_path()) CheckLog("log.path", config_.log().path());
  }

  // It is written beside its place and renamed, so that its folder matters. So does its lock.
  void CheckPidFile(const std::string& path) {
    if (path.empty()) return;  // the rules tell
    std::string why = host::WhyNotCreatable(path);
    if (why.empty()) why = host::WhyNotWritable(path + ".lock");
    MistakeUnlessEmpty("pid_file", why);
  }

  void CheckProgram(const std::string& field, const std::string& path) {
    const std::string why = host::WhyNotRunnable(path);
    if (!why.empty()) Mistake(field, absl::StrCat("\"", path, "\" cannot be run: ", why));
  }

  // The same for what is the same, however it is written.
  static std::string KeyOf(const listen::Address& address) {
    if (!address.is_unix()) return address.ToString();
    std::error_code error;
    const std::string path = std::filesystem::weakly_canonical(address.path(), error).string();
    return absl::StrCat("unix:", error ? address.path() : path);
  }

  // Notes what is listened on, and by which field.
  void CheckAddress(const std::string& field, const std::string& text) {
    // A worker alone makes no socket for a master; where it runs, the path may be too long.
    if (reader_ != Reader::kMaster && absl::StartsWith(field, "admin.") &&
        absl::StartsWith(text, "unix:")) {
      return;
    }
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(text);
    if (!address.ok()) {
      Mistake(field, std::string(address.status().message()));
      return;
    }
    // The kernel gives each its own port.
    if (!address->is_unix() && address->port() == 0) return;
    const auto [user, is_new] = addresses_.emplace(KeyOf(*address), field);
    if (!is_new) {
      Mistake(field, absl::StrCat("\"", text, "\" is listened on already, by ", user->second));
      return;
    }
    if (address->is_unix()) {
      CheckSocketPath(field, address->path());
    } else {
      CheckOverlap({*address, field, text});
    }
  }

  struct Listened {
    listen::Address address;
    std::string field;
    std::string text;
  };

  // All addresses of the machine include each of them, and the kernel gives a port once.
  void CheckOverlap(Listened added) {
    for (const Listened& other : listened_) {
      if (!added.address.Overlaps(other.address)) continue;
      Mistake(added.field, absl::StrCat("\"", added.text, "\" overlaps with \"", other.text,
                                        "\" of ", other.field, "; one of them is enough"));
      return;
    }
    listened_.push_back(std::move(added));
  }

  void CheckSocketPath(const std::string& field, const std::string& path) {
    struct stat status;
    if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) {
      Mistake(field, absl::StrCat("\"", path, "\" exists and is no socket"));
      return;
    }
    MistakeUnlessEmpty(field, host::WhyNotCreatable(path));
  }

  void CheckListeners() {
    for (int i = 0; i < config_.listen_size(); ++i) {
      if (config_.listen(i).address().empty()) continue;  // the rules tell
      CheckAddress(absl::StrCat("listen[", i, "].address"), config_.listen(i).address());
      const std::string field = absl::StrCat("listen[", i, "]");
      CheckRights(field, config_.listen(i));
      CheckListenerName(field + ".name", config_.listen(i).name());
      if (config_.listen(i).has_proxy_protocol()) {
        CheckProxyProtocol(field + ".proxy_protocol", config_.listen(i));
      }
    }
  }

  void CheckListenerName(const std::string& field, const std::string& name) {
    if (name.empty() || name.size() > kMostListenerNameBytes) return;  // the rules tell
    if (IsListenerName(name)) return;
    Mistake(field, absl::StrCat("\"", absl::CEscape(name), kNameRule));
  }

  void CheckProxyProtocol(const std::string& field, const v1::Listen& listen) {
    const v1::ProxyProtocol& proxy_protocol = listen.proxy_protocol();
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(listen.address());
    if (!address.ok()) return;  // a mistake already
    if (address->is_unix()) {
      constexpr char kOfNoUse[] =
          "is of no use with a Unix socket, where all who may connect are proxies";
      if (proxy_protocol.from_size() > 0) Mistake(field + ".from[0]", kOfNoUse);
      if (proxy_protocol.others() == v1::ProxyProtocol::DIRECT) {
        Mistake(field + ".others", kOfNoUse);
      }
      return;
    }
    if (proxy_protocol.from_size() == 0) {
      Mistake(field,
              "has no `from`; write the addresses of the proxies, such as from: \"10.0.0.0/8\"");
    }
    for (int i = 0; i < proxy_protocol.from_size(); ++i) {
      const std::string& text = proxy_protocol.from(i);
      const std::string place = absl::StrCat(field, ".from[", i, "]");
      const auto prefix = AddressPrefix::Parse(text);
      if (!prefix.ok()) {
        Mistake(place, std::string(prefix.status().message()));
      } else if (prefix->family() != address->family()) {
        Mistake(place, absl::StrCat("\"", text, "\" is of the other family than \"",
                                    listen.address(), "\", and never connects there"));
      }
    }
  }

  // Users and groups are looked up later: that may take long.
  void CheckRights(const std::string& field, const v1::Listen& listen) {
    if (!absl::StartsWith(listen.address(), "unix:")) {
      constexpr char kOfNoUse[] = "is of use with a Unix socket only";
      if (listen.has_mode()) Mistake(field + ".mode", kOfNoUse);
      if (listen.has_owner()) Mistake(field + ".owner", kOfNoUse);
      if (listen.has_group()) Mistake(field + ".group", kOfNoUse);
      return;
    }
    CheckMode(field + ".mode", listen.mode());
  }

  void CheckMode(const std::string& field, const std::string& mode) {
    if (mode.size() < 3 || mode.size() > 4) return;  // the rules tell
    const absl::Status status = listen::ParseSocketMode(mode).status();
    if (!status.ok()) Mistake(field, std::string(status.message()));
  }

  void CheckAdmin() {
    for (FieldMistake& mistake : CheckAccess(config_.admin())) {
      mistakes_.push_back(std::move(mistake));
    }
    const v1::Admin& admin = config_.admin();
    for (int i = 0; i < admin.listen_size(); ++i) {
      CheckAdminAddress(absl::StrCat("admin.listen[", i, "]"), admin.listen(i));
    }
    CheckMode("admin.mode", admin.mode());
    if (admin.has_metrics()) CheckMetricsAddress("admin.metrics.listen", admin.metrics().listen());
    const auto is_tcp = [](const std::string& text) { return !absl::StartsWith(text, "unix:"); };
    const bool has_tcp = std::any_of(admin.listen().begin(), admin.listen().end(), is_tcp);
    const bool has_far_metrics = admin.has_metrics() && IsFar(admin.metrics().listen());
    if (admin.has_tls() && admin.insecure()) {
      Mistake("admin.insecure", "is given with `tls`; one of them is enough");
    } else if (admin.has_tls() && !has_tcp && !has_far_metrics) {
      Mistake("admin.tls", "is of use with a TCP address in admin.listen only");
    } else if (admin.insecure() && !has_tcp) {
      Mistake("admin.insecure", "is of use with a TCP address in admin.listen only");
    }
  }

  // Whether other machines can reach it.
  static bool IsFar(const std::string& text) {
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(text);
    return address.ok() && !address->is_unix() && !address->is_loopback();
  }

  void CheckMetricsAddress(const std::string& field, const std::string& text) {
    CheckAddress(field, text);
    if (!IsFar(text) || config_.admin().has_tls()) return;
    Mistake(field, absl::StrCat("\"", text,
                                "\" is not a loopback address, and needs admin { tls { ... } }"));
  }

  void CheckAdminAddress(const std::string& field, const std::string& text) {
    CheckAddress(field, text);
    const absl::StatusOr<listen::Address> address = listen::Address::Parse(text);
    if (!address.ok() || address->is_unix()) return;
    const v1::Admin& admin = config_.admin();
    if (admin.insecure() && !admin.has_tls() && !address->is_loopback()) {
      Mistake(field, absl::StrCat("\"", text,
                                  "\" is not a loopback address, which TCP without TLS must have; "
                                  "write admin { tls { ... } }"));
    } else if (!admin.insecure() && !admin.has_tls()) {
      Mistake(field, absl::StrCat("\"", text, "\" is TCP, which needs admin { tls { ... } }",
                                  address->is_loopback() ? ", or admin { insecure: true }" : ""));
    }
  }

  void CheckZones() {
    std::map<std::string, int> names;
    for (int i = 0; i < config_.zone_size(); ++i) {
      const std::string& name = config_.zone(i).name();
      if (name.empty()) continue;  // the rules tell
      const std::string field = absl::StrCat("zone[", i, "].name");
      const auto [before, is_new] = names.emplace(name, i);
      if (!is_new) {
        Mistake(field, absl::StrCat("\"", name, "\" is zone[", before->second, "]'s already"));
      } else if (absl::StartsWith(name, "muster.")) {
        Mistake(field, absl::StrCat("\"", absl::CEscape(name),
                                    "\": names that begin with \"muster.\" are muster's own"));
      } else if (!IsZoneName(name)) {
        Mistake(field, absl::StrCat("\"", absl::CEscape(name), kNameRule));
      }
    }
  }

  const Config& config_;
  const Reader reader_;
  std::map<std::string, std::string> addresses_;
  std::vector<Listened> listened_;
  std::vector<FieldMistake> mistakes_;
};

}  // namespace

std::vector<FieldMistake> CheckSemantics(const Config& config, Reader reader) {
  return Checker(config, reader).Check();
}

}  // namespace muster::config
