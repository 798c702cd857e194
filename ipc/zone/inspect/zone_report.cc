#include "muster/ipc/zone/inspect/zone_report.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace muster::ipc {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

std::string StateOf(const ZoneReport::Line& line) {
  if (line.record.state == ParticipantState::kDead) return "dead";
  if (!line.is_alive) return "dead, not buried";
  return line.record.has_joined ? "live" : "reserved";
}

std::string SlotsOf(const std::vector<OwnerTag>& tags) {
  return absl::StrJoin(tags, ",",
                       [](std::string* text, OwnerTag tag) { absl::StrAppend(text, tag.slot()); });
}

std::string HoldersText(const ObjectHolders& holders) {
  std::vector<std::string> parts;
  if (!holders.owners.empty()) parts.push_back(absl::StrCat("held by ", SlotsOf(holders.owners)));
  if (!holders.readers.empty()) parts.push_back(absl::StrCat("read by ", SlotsOf(holders.readers)));
  if (holders.owner_died) parts.push_back("an owner died");
  if (holders.is_poisoned) parts.push_back("not recoverable");
  if (holders.is_done) parts.push_back("done");
  if (holders.has_waiters) parts.push_back("waiters");
  return absl::StrJoin(parts, "; ");
}

// Columns as wide as their widest cell; the last one is not padded.
template <std::size_t kColumns>
std::string Table(const std::vector<std::array<std::string, kColumns>>& rows) {
  std::array<std::size_t, kColumns> widths = {};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      absl::StrAppendFormat(&text, "%-*s  ", static_cast<int>(widths[i]), row[i]);
    }
    absl::StrAppend(&text, row.back());
    while (!text.empty() && text.back() == ' ') text.pop_back();
    absl::StrAppend(&text, "\n");
  }
  return text;
}

void Set(Struct& object, const char* field, double number) {
  (*object.mutable_fields())[field].set_number_value(number);
}
void Set(Struct& object, const char* field, const std::string& text) {
  (*object.mutable_fields())[field].set_string_value(text);
}
void SetFlag(Struct& object, const char* field, bool flag) {
  (*object.mutable_fields())[field].set_bool_value(flag);
}
google::protobuf::ListValue& List(Struct& object, const char* field) {
  return *(*object.mutable_fields())[field].mutable_list_value();
}

void SetSlots(Struct& object, const char* field, const std::vector<OwnerTag>& tags) {
  auto& list = List(object, field);
  for (const OwnerTag tag : tags) list.add_values()->set_number_value(tag.slot());
}

}  // namespace

ZoneReport ReportOf(const Zone& zone) {
  const ZoneSizes& sizes = zone.sizes();
  ZoneReport report = {.size_bytes = zone.size_bytes(),
                       .max_bytes = sizes.max_bytes,
                       .max_participants = sizes.max_participants,
                       .max_objects = sizes.max_objects,
                       .participants = {},
                       .objects = {}};
  const Registry& registry = zone.registry();
  for (std::uint32_t slot = 0; slot < registry.capacity(); ++slot) {
    const ParticipantRecord record = *registry.Read(slot);
    if (record.state == ParticipantState::kFree) continue;
    report.participants.push_back({record, registry.IsLiveNow(record.tag)});
  }
  for (const absl::StatusOr<ObjectView>& view : zone.List()) {
    if (view.ok()) {
      report.objects.push_back({*view, HoldersOf(*view), ""});
      // What stands in the memory may be anything; it is shown to terminals, and as JSON.
      ObjectView& shown = report.objects.back().view;
      shown.name = absl::CHexEscape(shown.name);
      shown.type = absl::CHexEscape(shown.type);
    } else {
      report.objects.push_back({{}, {}, std::string(view.status().message())});
    }
  }
  return report;
}

std::string ToText(const ZoneReport& report) {
  std::string text =
      absl::StrCat(report.size_bytes, " bytes of ", report.max_bytes, " at most, ",
                   report.participants.size(), " participants of ", report.max_participants, ", ",
                   report.objects.size(), " objects of ", report.max_objects, "\n\n");
  std::vector<std::array<std::string, 4>> lines = {{"SLOT", "GENERATION", "PID", "STATE"}};
  for (const ZoneReport::Line& line : report.participants) {
    lines.push_back({absl::StrCat(line.record.tag.slot()),
                     absl::StrCat(line.record.tag.generation()),
                     line.record.pid == 0 ? "-" : absl::StrCat(line.record.pid), StateOf(line)});
  }
  absl::StrAppend(&text, Table(lines), "\n");
  std::vector<std::array<std::string, 8>> rows = {
      {"NAME", "KIND", "TYPE", "VERSION", "BYTES", "WAITS", "RECOVERIES", "STATE"}};
  for (const ZoneReport::Object& object : report.objects) {
    if (!object.error.empty()) {
      rows.push_back({"?", "?", "?", "?", "?", "?", "?", object.error});
      continue;
    }
    const std::optional<LockTotals>& totals = object.holders.totals;
    rows.push_back({object.view.name, ToString(object.view.kind), object.view.type,
                    absl::StrCat(object.view.version), absl::StrCat(object.view.bytes),
                    totals.has_value() ? absl::StrCat(totals->waits) : "-",
                    totals.has_value() ? absl::StrCat(totals->recoveries) : "-",
                    HoldersText(object.holders)});
  }
  absl::StrAppend(&text, Table(rows));
  return text;
}

std::string ToJson(const ZoneReport& report) {
  Struct all;
  Set(all, "size_bytes", static_cast<double>(report.size_bytes));
  Set(all, "max_bytes", static_cast<double>(report.max_bytes));
  Set(all, "max_participants", report.max_participants);
  Set(all, "max_objects", report.max_objects);
  auto& participants = List(all, "participants");
  for (const ZoneReport::Line& line : report.participants) {
    Struct& item = *participants.add_values()->mutable_struct_value();
    Set(item, "slot", line.record.tag.slot());
    Set(item, "generation", line.record.tag.generation());
    Set(item, "pid", line.record.pid);
    Set(item, "state", StateOf(line));
  }
  auto& objects = List(all, "objects");
  for (const ZoneReport::Object& object : report.objects) {
    Struct& item = *objects.add_values()->mutable_struct_value();
    if (!object.error.empty()) {
      Set(item, "error", object.error);
      continue;
    }
    Set(item, "name", object.view.name);
    Set(item, "kind", ToString(object.view.kind));
    Set(item, "type", object.view.type);
    Set(item, "version", object.view.version);
    Set(item, "count", object.view.count);
    Set(item, "bytes", static_cast<double>(object.view.bytes));
    SetSlots(item, "owners", object.holders.owners);
    SetSlots(item, "readers", object.holders.readers);
    SetFlag(item, "has_waiters", object.holders.has_waiters);
    SetFlag(item, "owner_died", object.holders.owner_died);
    SetFlag(item, "not_recoverable", object.holders.is_poisoned);
    SetFlag(item, "done", object.holders.is_done);
    if (!object.holders.totals.has_value()) continue;
    Set(item, "waits", static_cast<double>(object.holders.totals->waits));
    Set(item, "recoveries", static_cast<double>(object.holders.totals->recoveries));
  }
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  (void)google::protobuf::util::MessageToJsonString(all, &text, options);
  return text;
}

}  // namespace muster::ipc
