#include "muster/ctl/master/named_masters.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/cli/spelling.h"
#include "muster/ctl/master/address.h"
#include "muster/ctl/master/small_file.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

using client::v1::CtlConfig;
using client::v1::NamedMaster;
using google::protobuf::Descriptor;
using google::protobuf::TextFormat;

// What the parser says of bytes, and of a text that ends too early, without its own terms.
std::string InPlainWords(absl::string_view message) {
  constexpr absl::string_view kNothing = ", got: ";
  if (absl::StartsWith(message, "Interpreting non ascii codepoint")) {
    return "there is a character that may be in quotes and comments only";
  }
  if (absl::ConsumeSuffix(&message, kNothing)) return absl::StrCat(message, ", but the text ends");
  return std::string(message);
}

// The mistakes of a file, in the file's order.
class Mistakes : public google::protobuf::io::ErrorCollector {
 public:
  Mistakes(std::string path, absl::string_view text)
      : path_(std::move(path)), lines_(absl::StrSplit(text, '\n')) {}

  // Lines and columns from 0 on, as protobuf has them. Negative: unknown.
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    // What an odd byte causes at the same place.
    if (!found_.empty() && found_.back().line == line && found_.back().column == column &&
        absl::StartsWith(message, "Expected ")) {
      return;
    }
    const std::string field = UnknownField(message);
    if (field.empty()) {
      found_.push_back({line, column, InPlainWords(message)});
    } else {
      found_.push_back({line, BeginOf(field, line, column), OfUnknown(field, message)});
    }
  }

  bool empty() const { return found_.empty(); }

  absl::Status ToStatus() && {
    std::stable_sort(found_.begin(), found_.end(), [](const Mistake& one, const Mistake& other) {
      return std::pair(one.line, one.column) < std::pair(other.line, other.column);
    });
    return absl::InvalidArgumentError(
        absl::StrJoin(found_, "\n", [this](std::string* text, const Mistake& mistake) {
          absl::StrAppend(text, path_, ":", std::max(mistake.line, 0) + 1, ":",
                          std::max(mistake.column, 0) + 1, ": ", mistake.message);
        }));
  }

 private:
  struct Mistake {
    int line;
    int column;
    std::string message;
  };

  // The field of which protobuf says that it does not know it; empty if it says something else.
  static std::string UnknownField(const std::string& message) {
    const std::string before = kNoField;
    const std::size_t at = message.find(before);
    if (at == message.npos) return "";
    const std::string field = message.substr(at + before.size());
    return field.substr(0, field.find('"'));
  }

  // The column at which `field` begins: protobuf tells where it ends.
  int BeginOf(const std::string& field, int line, int column) const {
    if (line < 0 || line >= static_cast<int>(lines_.size())) return column;
    const std::size_t at = lines_[line].rfind(field, column);
    return at == absl::string_view::npos ? column : static_cast<int>(at);
  }

  // "adress: is unknown; did you mean "address"?"
  static std::string OfUnknown(const std::string& field, const std::string& message) {
    const Descriptor& type = message.find(".NamedMaster\"") < message.find(kNoField)
                                 ? *NamedMaster::descriptor()
                                 : *CtlConfig::descriptor();
    std::vector<std::string> fields;
    for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i)->name());
    const std::string meant = cli::LikelyMeant(field, fields);
    return absl::StrCat(field, ": is unknown; ",
                        meant.empty() ? absl::StrCat("the fields are ", absl::StrJoin(fields, ", "))
                                      : absl::StrCat("did you mean \"", meant, "\"?"));
  }

  static constexpr char kNoField[] = "\" has no field named \"";

  std::string path_;
  std::vector<absl::string_view> lines_;
  std::vector<Mistake> found_;
};

// Where the fields of one message are in the text.
class Places {
 public:
  explicit Places(const TextFormat::ParseInfoTree* tree) : tree_(tree) {}

  TextFormat::ParseLocation Of(const Descriptor& type, const std::string& field,
                               int index = -1) const {
    return tree_ == nullptr ? TextFormat::ParseLocation()
                            : tree_->GetLocation(type.FindFieldByName(field), index);
  }

  Places Within(const Descriptor& type, const std::string& field, int index) const {
    return Places(tree_ == nullptr ? nullptr
                                   : tree_->GetTreeForNested(type.FindFieldByName(field), index));
  }

 private:
  const TextFormat::ParseInfoTree* tree_;
};

bool IsOverTcp(const NamedMaster& master) { return IsHostAndPort(master.address()); }

// Without the folder of the caller: a path has a slash, or "unix:" before it.
std::string MistakeOfAddress(const std::string& address) {
  if (address.empty()) return "is missing; write unix:PATH or HOST:PORT";
  if (const std::string why = MistakeInAddress(address); !why.empty()) {
    return absl::StrCat("\"", address, "\": ", why);
  }
  const bool is_path = absl::StartsWith(address, "unix:") || absl::StrContains(address, '/');
  if (is_path || IsHostAndPort(address)) return "";
  return absl::StrCat("\"", address, "\": the port is missing; write ", address,
                      ":PORT, or unix:", address, " for a path");
}

void Check(const NamedMaster& master, TextFormat::ParseLocation whole, const Places& places,
           Mistakes& mistakes) {
  const Descriptor& type = *NamedMaster::descriptor();
  // At the field, or at the message if the field is not there.
  const auto add = [&](const std::string& field, const std::string& message) {
    const TextFormat::ParseLocation place = places.Of(type, field);
    const auto at = place.line < 0 ? whole : place;
    mistakes.AddError(at.line, at.column, absl::StrCat(field, ": ", message));
  };
  if (!NamedMasters::IsName(master.name())) {
    add("name", master.name().empty()
                    ? "is missing"
                    : absl::StrCat("\"", master.name(),
                                   "\" has other characters than letters, digits, '-' and '_'"));
  }
  if (const std::string why = MistakeOfAddress(master.address()); !why.empty()) {
    return add("address", why);
  }
  const std::pair<const char*, const std::string*> files[] = {
      {"certificate", &master.certificate()},
      {"key", &master.key()},
      {"server_ca", &master.server_ca()},
  };
  const bool is_plain = master.insecure() || !IsOverTcp(master);
  for (const auto& [field, value] : files) {
    if (is_plain && !value->empty()) {
      add(field, master.insecure() ? "has no use with insecure" : "is for addresses of TCP only");
    } else if (!is_plain && value->empty()) {
      add(field, absl::StrCat("is missing: ", master.address(),
                              " is over TCP, and both sides show a certificate"));
    }
  }
  if (master.insecure() && !IsOverTcp(master)) {
    add("insecure", "is for addresses of TCP only");
  }
}

}  // namespace

NamedMasters::NamedMasters(CtlConfig config, std::string path)
    : config_(std::move(config)), path_(std::move(path)) {}

absl::StatusOr<NamedMasters> NamedMasters::Parse(const std::string& text, const std::string& path) {
  CtlConfig config;
  Mistakes mistakes(path, text);
  TextFormat::ParseInfoTree tree;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&mistakes);
  parser.WriteLocationsTo(&tree);
  if (!parser.ParseFromString(text, &config)) return std::move(mistakes).ToStatus();

  const Descriptor& type = *CtlConfig::descriptor();
  const Places places(&tree);
  std::set<std::string> names;
  for (int i = 0; i < config.master_size(); ++i) {
    const NamedMaster& master = config.master(i);
    const Places within = places.Within(type, "master", i);
    Check(master, places.Of(type, "master", i), within, mistakes);
    if (!master.name().empty() && !names.insert(master.name()).second) {
      const auto place = within.Of(*NamedMaster::descriptor(), "name");
      mistakes.AddError(place.line, place.column,
                        absl::StrCat("name: \"", master.name(), "\" is another master's, too"));
    }
  }
  if (!config.default_master().empty() && names.count(config.default_master()) == 0) {
    const auto place = places.Of(type, "default_master");
    mistakes.AddError(
        place.line, place.column,
        absl::StrCat("default_master: no master has the name \"", config.default_master(), "\""));
  }
  if (!mistakes.empty()) return std::move(mistakes).ToStatus();
  return NamedMasters(std::move(config), path);
}

absl::StatusOr<NamedMasters> NamedMasters::Load(const std::string& path) {
  MUSTER_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path));
  return Parse(text, path);
}

const NamedMaster* NamedMasters::Find(absl::string_view name) const {
  const auto found = std::find_if(config_.master().begin(), config_.master().end(),
                                  [&](const NamedMaster& master) { return master.name() == name; });
  return found == config_.master().end() ? nullptr : &*found;
}

std::vector<std::string> NamedMasters::names() const {
  std::vector<std::string> result;
  for (const NamedMaster& master : config_.master()) result.push_back(master.name());
  return result;
}

bool NamedMasters::IsName(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_';
  });
}

}  // namespace muster::ctl
