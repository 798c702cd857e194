#include "muster/master/launch/launch_plan.h"

#include <cstddef>
#include <map>
#include <type_traits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

// Keys and values in turn, each with a zero byte after it. A list is a key for each element.
constexpr char kEnd = '\0';

// A list without elements is not the same as none.
constexpr char kHasGroups[] = "has-groups";

class Writer {
 public:
  template <typename Value>
  void Add(const char* key, const Value& value) {
    absl::StrAppend(&bytes_, key, Ended(), value, Ended());
  }
  template <typename Value>
  void Add(const char* key, const std::optional<Value>& value) {
    if (value.has_value()) Add(key, *value);
  }
  template <typename Value>
  void Add(const char* key, const std::vector<Value>& values) {
    for (const Value& value : values) Add(key, value);
  }

  std::string bytes() && { return std::move(bytes_); }

 private:
  static std::string Ended() { return std::string(1, kEnd); }

  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) {
    std::vector<std::string> texts;
    std::size_t begin = 0;
    for (std::size_t end; (end = bytes.find(kEnd, begin)) != bytes.npos; begin = end + 1) {
      texts.push_back(bytes.substr(begin, end - begin));
    }
    is_good_ = begin == bytes.size() && texts.size() % 2 == 0;
    for (std::size_t i = 0; is_good_ && i < texts.size(); i += 2) {
      values_[texts[i]].push_back(texts[i + 1]);
    }
  }

  template <typename Value>
  void Take(const char* key, std::optional<Value>* value) {
    std::vector<Value> values;
    Take(key, &values);
    if (!values.empty()) *value = values.back();
  }
  template <typename Value>
  void Take(const char* key, std::vector<Value>* values) {
    const auto found = values_.extract(key);
    if (found.empty()) return;
    for (const std::string& text : found.mapped()) {
      if constexpr (std::is_same_v<Value, std::string>) {
        values->push_back(text);
      } else {
        Value value = 0;
        is_good_ = absl::SimpleAtoi(text, &value) && is_good_;
        values->push_back(value);
      }
    }
  }

  // Whether it was a plan, and everything in it was taken.
  bool is_done() const { return is_good_ && values_.empty(); }

 private:
  bool is_good_ = false;
  std::map<std::string, std::vector<std::string>> values_;
};

}  // namespace

bool LaunchPlan::needs_launcher() const {
  return user.has_value() || group.has_value() || groups.has_value() || nofile.has_value() ||
         core.has_value() || memlock.has_value() || address_space.has_value() || nice.has_value() ||
         !cpus.empty() || !folder.empty() || drops_capabilities;
}

std::string LaunchPlan::Serialize() const {
  Writer writer;
  writer.Add("user", user);
  writer.Add("group", group);
  if (groups.has_value()) writer.Add(kHasGroups, 1);
  if (groups.has_value()) writer.Add("groups", *groups);
  writer.Add("no-new-privs", no_new_privs ? 1 : 0);
  writer.Add("drops-capabilities", drops_capabilities ? 1 : 0);
  writer.Add("nofile", nofile);
  writer.Add("core", core);
  writer.Add("memlock", memlock);
  writer.Add("address-space", address_space);
  writer.Add("nice", nice);
  writer.Add("cpu", cpus);
  writer.Add("environment", environment);
  writer.Add("folder", folder);
  return std::move(writer).bytes();
}

std::optional<LaunchPlan> LaunchPlan::Parse(const std::string& bytes) {
  LaunchPlan plan;
  Reader reader(bytes);
  std::optional<int> has_groups;
  std::optional<int> no_new_privs;
  std::optional<int> drops_capabilities;
  std::optional<std::string> folder;
  reader.Take("user", &plan.user);
  reader.Take("group", &plan.group);
  reader.Take(kHasGroups, &has_groups);
  if (has_groups.has_value()) reader.Take("groups", &plan.groups.emplace());
  reader.Take("no-new-privs", &no_new_privs);
  reader.Take("drops-capabilities", &drops_capabilities);
  reader.Take("nofile", &plan.nofile);
  reader.Take("core", &plan.core);
  reader.Take("memlock", &plan.memlock);
  reader.Take("address-space", &plan.address_space);
  reader.Take("nice", &plan.nice);
  reader.Take("cpu", &plan.cpus);
  reader.Take("environment", &plan.environment);
  reader.Take("folder", &folder);
  if (!reader.is_done() || !no_new_privs.has_value() || !drops_capabilities.has_value() ||
      !folder.has_value()) {
    return std::nullopt;
  }
  plan.drops_capabilities = *drops_capabilities != 0;
  plan.no_new_privs = *no_new_privs != 0;
  plan.folder = *std::move(folder);
  return plan;
}

}  // namespace muster::master
