#include "muster/master/metrics/master_exposition.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "muster/config/access/admin_method.h"
#include "muster/master/metrics/status_code_name.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

using admin::v1::Master;
using admin::v1::Status;
using admin::v1::Worker;

std::string Label(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, "=\"",
                      absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                      "\"");
}

class Page {
 public:
  // Begins a metric. `type`: "counter", "gauge" or "histogram".
  void Family(absl::string_view name, absl::string_view type, absl::string_view help) {
    name_ = absl::StrCat("muster_master_", name);
    absl::StrAppend(&text_, "# HELP ", name_, " ", help, "\n# TYPE ", name_, " ", type, "\n");
  }
  template <typename Value>
  void Sample(absl::string_view labels, Value value) {
    SampleOf("", labels, value);
  }
  template <typename Value>
  void Single(absl::string_view name, absl::string_view type, absl::string_view help, Value value) {
    Family(name, type, help);
    Sample("", value);
  }
  void Histogram(absl::string_view labels, const MasterCounts::Histogram& histogram) {
    for (std::size_t i = 0; i < histogram.within.size(); ++i) {
      SampleOf("_bucket", absl::StrCat(labels, ",le=\"", MasterCounts::kBounds[i], "\""),
               histogram.within[i]);
    }
    SampleOf("_bucket", absl::StrCat(labels, ",le=\"+Inf\""), histogram.count);
    SampleOf("_sum", labels, histogram.sum);
    SampleOf("_count", labels, histogram.count);
  }
  std::string Take() { return std::move(text_); }

 private:
  template <typename Value>
  void SampleOf(absl::string_view suffix, absl::string_view labels, Value value) {
    absl::StrAppend(&text_, name_, suffix);
    if (!labels.empty()) absl::StrAppend(&text_, "{", labels, "}");
    absl::StrAppend(&text_, " ", value, "\n");
  }

  std::string name_;
  std::string text_;
};

// Each value of the enumeration but the one that is not set, so that none is missing while it is
// zero.
template <typename Enum>
void AppendStates(Page& page, const google::protobuf::EnumDescriptor& type,
                  const std::map<Enum, std::uint64_t>& counts) {
  for (int i = 1; i < type.value_count(); ++i) {
    const auto found = counts.find(static_cast<Enum>(type.value(i)->number()));
    page.Sample(Label("state", absl::AsciiStrToLower(std::string(type.value(i)->name()))),
                found == counts.end() ? 0 : found->second);
  }
}

void AppendMaster(Page& page, const Status& status) {
  const Master& master = status.master();
  page.Family("info", "gauge", "1; the version that runs.");
  page.Sample(Label("version", master.version()), 1);
  page.Single("start_time_seconds", "gauge", "When it was started, since the epoch of 1970.",
              master.start_time().seconds());
  page.Single("uptime_seconds", "gauge", "Since its start, by a clock that is never set.",
              master.uptime().seconds());
  page.Family("state", "gauge", "1 for the state that the master is in.");
  AppendStates<Master::State>(page, *Master::State_descriptor(), {{master.state(), 1}});
  page.Single("generation", "gauge", "The generation that serves.", master.generation());
  page.Single("trials_failed_total", "counter",
              "Generations that crashed too often in their trial: the master went back.",
              master.trials_failed());
}

void AppendWorkers(Page& page, const Status& status) {
  std::set<std::uint64_t> generations;
  std::map<Worker::State, std::uint64_t> states;
  for (const Worker& worker : status.workers()) {
    ++states[worker.state()];
    if (worker.pid() != 0) generations.insert(worker.generation());
  }
  page.Single("generations", "gauge", "Generations that have a process.", generations.size());
  page.Single("workers_configured", "gauge", "Workers that the configuration asks for.",
              status.master().worker_processes());
  page.Family("workers", "gauge", "Workers, by their state.");
  AppendStates<Worker::State>(page, *Worker::State_descriptor(), states);
}

void AppendCounts(Page& page, const MasterCounts::Values& counts) {
  page.Family("reload_duration_seconds", "histogram",
              "Reloads and resumes, from their beginning to their end.");
  page.Histogram(Label("outcome", "done"), counts.reloads_done);
  page.Histogram(Label("outcome", "refused"), counts.reloads_refused);
  page.Family("worker_crashes_total", "counter",
              "Workers that ended unasked, by the signal or the exit code.");
  for (const auto& [reason, count] : counts.crashes) page.Sample(Label("reason", reason), count);
  page.Single("workers_given_up_total", "counter",
              "Workers that ended too often in a row, or can never work.", counts.gave_up);
  page.Single("workers_killed_total", "counter", "Workers that did not end in time.",
              counts.killed);
  page.Single("workers_hung_total", "counter", "Times that a worker was found not to run its loop.",
              counts.hung);
}

void AppendCalls(Page& page, const MasterCounts::Values& counts) {
  page.Family(
      "admin_calls_total", "counter",
      "Answered calls to the admin service, by method, the least role that includes it, and "
      "code.");
  std::uint64_t refused = 0;
  for (const auto& [call, count] : counts.calls) {
    const auto& [path, code] = call;
    if (code == kPermissionDenied) refused += count;
    const config::AdminMethod* const method = config::FindAdminMethod(path);
    page.Sample(
        absl::StrCat(Label("method", method == nullptr ? "unknown" : method->name()), ",",
                     Label("role", method == nullptr ? "" : config::v1::Role_Name(method->role)),
                     ",", Label("code", StatusCodeName(code))),
        count);
  }
  page.Single("admin_calls_refused_total", "counter", "Calls that their callers may not make.",
              refused);
  page.Family("admin_calls_over_bound_total", "counter",
              "Calls that were refused since their callers had too many under way.");
  page.Sample(Label("kind", "calls"), counts.calls_over_bound);
  page.Sample(Label("kind", "streams"), counts.streams_over_bound);
  page.Single("admin_handshakes_refused_total", "counter",
              "Connections that ended before the handshake of TLS was over.",
              counts.refused_handshakes);
}

}  // namespace

std::string MasterExposition(const Status& status, const MasterCounts::Values& counts,
                             std::uint64_t log_lines_lost) {
  Page page;
  AppendMaster(page, status);
  AppendWorkers(page, status);
  AppendCounts(page, counts);
  AppendCalls(page, counts);
  page.Single("log_lines_lost_total", "counter", "Lines that it could not write into its log.",
              log_lines_lost);
  return page.Take();
}

}  // namespace muster::master
