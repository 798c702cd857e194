#include "muster/worker/metrics/metric_spec.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/utf8.h"

namespace muster::worker {
namespace {

constexpr absl::string_view kOurPrefix = "muster_";

// Letters, digits and "_", and no digit first. Prometheus takes ":" in the names of metrics, for
// its own recording rules.
bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
}

// What can be shown wherever metrics are.
bool IsText(absl::string_view text) {
  return config::IsUtf8(text) && text.find('\0') == absl::string_view::npos;
}

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::Status CheckName(const MetricSpec& spec) {
  if (!IsName(spec.name)) {
    return Wrong("a name has letters, digits and \"_\" only, and does not begin with a digit");
  }
  if (spec.name.size() > MetricSpec::kMostNameBytes) {
    return Wrong(absl::StrCat("a name has at most ", MetricSpec::kMostNameBytes, " bytes"));
  }
  if (absl::StartsWith(spec.name, kOurPrefix)) {
    return Wrong("names that begin with \"muster_\" are muster's own");
  }
  const bool is_total = absl::EndsWith(spec.name, "_total");
  if (spec.type == MetricType::kCounter) {
    return is_total ? absl::OkStatus() : Wrong("the name of a counter ends in \"_total\"");
  }
  if (is_total)
    return Wrong(absl::StrCat("a ", ToString(spec.type), " does not end in \"_total\""));
  for (const absl::string_view suffix : {"_bucket", "_count", "_sum", "_info", "_created"}) {
    if (absl::EndsWith(spec.name, suffix)) {
      return Wrong(absl::StrCat("a ", ToString(spec.type), " does not end in \"", suffix, "\""));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLabels(const MetricLabels& labels) {
  if (labels.size() > MetricSpec::kMostLabels) {
    return Wrong(absl::StrCat("has ", labels.size(), " labels, at most ", MetricSpec::kMostLabels,
                              " are possible"));
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& name = labels[i].first;
    const std::string& value = labels[i].second;
    const auto wrong = [&](absl::string_view what) {
      return Wrong(absl::StrCat("label \"", absl::CEscape(name), "\": ", what));
    };
    if (!IsName(name)) {
      return wrong("a name has letters, digits and \"_\" only, and does not begin with a digit");
    }
    if (absl::StartsWith(name, "__") || name == "le" || name == "quantile" || name == "slot") {
      return wrong("is a name of Prometheus' or muster's own");
    }
    if (i > 0 && labels[i - 1].first == name) return wrong("is there twice");
    if (i > 0 && labels[i - 1].first > name) {
      return wrong(absl::StrCat("comes after label \"", absl::CEscape(labels[i - 1].first),
                                "\"; labels are sorted by name"));
    }
    if (value.empty()) return wrong("its value is empty, which is for Prometheus as without it");
    if (value.size() > MetricSpec::kMostLabelValueBytes) {
      return wrong(
          absl::StrCat("a value has at most ", MetricSpec::kMostLabelValueBytes, " bytes"));
    }
    if (!IsText(value)) return wrong("the value is not UTF-8 without zero bytes");
    bytes += name.size() + value.size() + 2;
  }
  if (bytes <= MetricSpec::kMostLabelBytes) return absl::OkStatus();
  return Wrong(absl::StrCat("its labels have ", bytes, " bytes, at most ",
                            MetricSpec::kMostLabelBytes, " are possible"));
}

absl::Status CheckBounds(const MetricSpec& spec) {
  if (spec.type != MetricType::kHistogram) {
    return spec.bounds.empty() ? absl::OkStatus() : Wrong("only a histogram has bounds");
  }
  if (spec.bounds.empty() || spec.bounds.size() > MetricSpec::kMostBounds) {
    return Wrong(absl::StrCat("a histogram has 1 to ", MetricSpec::kMostBounds, " bounds, not ",
                              spec.bounds.size()));
  }
  for (std::size_t i = 0; i < spec.bounds.size(); ++i) {
    if (!std::isfinite(spec.bounds[i])) return Wrong("a bound is not finite");
    if (i > 0 && spec.bounds[i] <= spec.bounds[i - 1]) {
      return Wrong(
          absl::StrCat("its bounds do not grow: ", spec.bounds[i - 1], ", ", spec.bounds[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHelp(absl::string_view help) {
  if (help.size() > MetricSpec::kMostHelpBytes) {
    return Wrong(absl::StrCat("its help has ", help.size(), " bytes, at most ",
                              MetricSpec::kMostHelpBytes, " are possible"));
  }
  return IsText(help) ? absl::OkStatus() : Wrong("its help is not UTF-8 without zero bytes");
}

absl::Status Check(const MetricSpec& spec) {
  MUSTER_RETURN_IF_ERROR(CheckName(spec));
  MUSTER_RETURN_IF_ERROR(CheckHelp(spec.help));
  MUSTER_RETURN_IF_ERROR(CheckLabels(spec.labels));
  return CheckBounds(spec);
}

}  // namespace

std::string ToString(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return absl::StrCat("type ", static_cast<std::uint32_t>(type));
}

void MetricSpec::SortLabels() {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& one, const auto& other) { return one.first < other.first; });
}

absl::Status CheckMetric(const MetricSpec& spec) {
  return ipc::Annotate(Check(spec), absl::StrCat("metric \"", absl::CEscape(spec.name), "\""));
}

}  // namespace muster::worker
