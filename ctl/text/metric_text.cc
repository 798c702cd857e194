#include "muster/ctl/text/metric_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "muster/ctl/text/printable.h"
#include "muster/proto/counted.h"

namespace muster::ctl {

namespace v1 = admin::v1;

namespace {

const char* TypeText(v1::Metric::Type type) {
  switch (type) {
    case v1::Metric::COUNTER:
      return "counter";
    case v1::Metric::GAUGE:
      return "gauge";
    case v1::Metric::HISTOGRAM:
      return "histogram";
    default:
      return "-";
  }
}

// "op=get slot=0".
std::string LabelsText(const v1::MetricSeries& series) {
  std::string text;
  for (const v1::MetricLabel& label : series.label()) {
    absl::StrAppend(&text, text.empty() ? "" : " ", Printable(label.name()), "=",
                    Printable(label.value()));
  }
  if (series.has_slot()) absl::StrAppend(&text, text.empty() ? "" : " ", "slot=", series.slot());
  return text.empty() ? "-" : text;
}

std::string ValueText(const v1::MetricSeries& series) {
  switch (series.value_case()) {
    case v1::MetricSeries::kTotal:
      return absl::StrCat(series.total());
    case v1::MetricSeries::kLevel:
      return absl::StrFormat("%.10g", series.level());
    case v1::MetricSeries::kHistogram: {
      const std::uint64_t count = series.histogram().count();
      if (count == 0) return "0 values";
      return absl::StrCat(
          config::Counted(count, "value"), ", mean ",
          absl::StrFormat("%.4g", series.histogram().sum() / static_cast<double>(count)));
    }
    case v1::MetricSeries::VALUE_NOT_SET:
      break;
  }
  return "-";
}

}  // namespace

Table MetricsTable(const google::protobuf::RepeatedPtrField<v1::Metric>& metrics) {
  Table table({{"METRIC"}, {"TYPE"}, {"LABELS"}, {"VALUE", Table::Align::kRight}});
  for (const v1::Metric& metric : metrics) {
    for (const v1::MetricSeries& series : metric.series()) {
      table.AddRow({Printable(metric.name()), TypeText(metric.type()), LabelsText(series),
                    ValueText(series)});
    }
  }
  return table;
}

}  // namespace muster::ctl
