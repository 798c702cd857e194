#include "muster/worker/metrics/metrics_text.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace muster::worker {
namespace {

using admin::v1::Metric;
using admin::v1::MetricSeries;

absl::string_view TypeName(Metric::Type type) {
  switch (type) {
    case Metric::COUNTER:
      return "counter";
    case Metric::GAUGE:
      return "gauge";
    case Metric::HISTOGRAM:
      return "histogram";
    default:
      return "untyped";
  }
}

// As short as it can be without another number's being read again.
std::string Exactly(double value) {
  std::string text = absl::StrFormat("%.15g", value);
  double read = 0;
  if (absl::SimpleAtod(text, &read) && read == value) return text;
  return absl::StrFormat("%.17g", value);
}

// `op="get",slot="0"`.
std::string LabelsOf(const MetricSeries& series) {
  std::string text;
  const auto add = [&text](absl::string_view name, absl::string_view value) {
    absl::StrAppend(&text, text.empty() ? "" : ",", name, "=\"", value, "\"");
  };
  for (const admin::v1::MetricLabel& label : series.label()) {
    add(label.name(),
        absl::StrReplaceAll(label.value(), {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}));
  }
  if (series.has_slot()) add("slot", absl::StrCat(series.slot()));
  return text;
}

void AppendSample(absl::string_view name, absl::string_view labels, absl::string_view value,
                  std::string& text) {
  absl::StrAppend(&text, name);
  if (!labels.empty()) absl::StrAppend(&text, "{", labels, "}");
  absl::StrAppend(&text, " ", value, "\n");
}

void AppendHistogram(absl::string_view name, const std::string& labels,
                     const admin::v1::MetricHistogram& histogram, std::string& text) {
  const auto bucket = [&](absl::string_view bound, std::uint64_t count) {
    AppendSample(absl::StrCat(name, "_bucket"),
                 absl::StrCat(labels, labels.empty() ? "" : ",", "le=\"", bound, "\""),
                 absl::StrCat(count), text);
  };
  for (const admin::v1::MetricBucket& each : histogram.bucket()) {
    bucket(Exactly(each.upper_bound()), each.count());
  }
  bucket("+Inf", histogram.count());
  AppendSample(absl::StrCat(name, "_sum"), labels, Exactly(histogram.sum()), text);
  AppendSample(absl::StrCat(name, "_count"), labels, absl::StrCat(histogram.count()), text);
}

}  // namespace

std::string MetricsText(const std::vector<Metric>& metrics) {
  std::string text;
  for (const Metric& metric : metrics) {
    if (!metric.help().empty()) {
      absl::StrAppend(&text, "# HELP ", metric.name(), " ",
                      absl::StrReplaceAll(metric.help(), {{"\\", "\\\\"}, {"\n", "\\n"}}), "\n");
    }
    absl::StrAppend(&text, "# TYPE ", metric.name(), " ", TypeName(metric.type()), "\n");
    for (const MetricSeries& series : metric.series()) {
      const std::string labels = LabelsOf(series);
      switch (series.value_case()) {
        case MetricSeries::kTotal:
          AppendSample(metric.name(), labels, absl::StrCat(series.total()), text);
          break;
        case MetricSeries::kLevel:
          AppendSample(metric.name(), labels, Exactly(series.level()), text);
          break;
        case MetricSeries::kHistogram:
          AppendHistogram(metric.name(), labels, series.histogram(), text);
          break;
        case MetricSeries::VALUE_NOT_SET:
          break;
      }
    }
  }
  return text;
}

}  // namespace muster::worker
