#include "muster/master/config/config_entries.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "muster/proto/duration.h"
#include "muster/proto/field_rule.pb.h"

namespace muster::master {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// The field by which an element of a list of such messages is known. Null: by none.
const FieldDescriptor* NameFieldOf(const Descriptor* type) {
  if (type->field_count() == 0) return nullptr;
  const FieldDescriptor* const first = type->field(0);
  const bool is_name = first->type() == FieldDescriptor::TYPE_STRING && !first->is_repeated() &&
                       first->options().GetExtension(config::v1::rule).required() &&
                       !first->options().GetExtension(config::v1::secret);
  return is_name ? first : nullptr;
}

// Walks through a message and what it has.
class EntryList {
 public:
  explicit EntryList(const DescriptorPool* pool) : pool_(pool), factory_(pool) {
    // What is no ASCII is readable, too.
    printer_.SetUseUtf8StringEscaping(true);
    printer_.SetSingleLineMode(true);
  }

  // `name_field`: one that is in the path already. Null: none is.
  void AddMessage(const std::string& path, const Message& message,
                  const FieldDescriptor* name_field) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    const std::size_t before = entries_.size();
    for (const FieldDescriptor* field : fields) {
      if (field != name_field) AddField(prefix + field->name(), message, field);
    }
    if (entries_.size() == before && !path.empty()) Add(path, kEmptyMessage, false);
  }

  std::vector<ConfigEntry> Take() { return std::move(entries_); }

 private:
  void Add(std::string path, std::string value, bool is_secret) {
    entries_.push_back(
        {.path = std::move(path), .value = std::move(value), .is_secret = is_secret});
  }

  // `index`: -1 for what is no list.
  std::string ValueOf(const Message& message, const FieldDescriptor* field, int index) const {
    std::string text;
    printer_.PrintFieldValueToString(message, field, index, &text);
    return text;
  }

  void AddField(const std::string& path, const Message& message, const FieldDescriptor* field) {
    const bool is_secret = field->options().GetExtension(config::v1::secret);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const Reflection& reflection = *message.GetReflection();
    if (is_message && !is_secret && field->is_repeated()) return AddList(path, message, field);
    if (is_message && !is_secret) {
      return AddOne(path, reflection.GetMessage(message, field), nullptr);
    }
    if (!field->is_repeated()) return Add(path, ValueOf(message, field, -1), is_secret);
    std::vector<std::string> values;
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      values.push_back(ValueOf(message, field, i));
    }
    Add(path, absl::StrCat("[", absl::StrJoin(values, ", "), "]"), is_secret);
  }

  void AddList(const std::string& path, const Message& message, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor* const name_field = NameFieldOf(field->message_type());
    std::map<std::string, int> seen;
    std::vector<std::string> names;
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      const Message& element = reflection.GetRepeatedMessage(message, field, i);
      if (name_field == nullptr) {
        AddOne(absl::StrCat(path, "[", i, "]"), element, nullptr);
        continue;
      }
      const std::string name = ValueOf(element, name_field, -1);
      names.push_back(name);
      // Several response fields may have one name.
      const int earlier = seen[name]++;
      AddOne(
          absl::StrCat(path, "[", name, "]", earlier == 0 ? "" : absl::StrCat("[", earlier, "]")),
          element, name_field);
    }
    if (is_in_service_ && name_field != nullptr) {
      Add(path, absl::StrCat("[", absl::StrJoin(names, ", "), "]"), false);
    }
  }

  void AddOne(const std::string& path, const Message& message, const FieldDescriptor* name_field) {
    const std::string& type = message.GetDescriptor()->full_name();
    if (type == "google.protobuf.Duration") {
      google::protobuf::Duration duration;
      duration.ParsePartialFromString(message.SerializePartialAsString());
      return Add(path, config::DurationText(config::ToChrono(duration)), false);
    }
    if (type != "google.protobuf.Any") return AddMessage(path, message, name_field);
    Any any;
    any.ParsePartialFromString(message.SerializePartialAsString());
    AddAny(path, any);
  }

  void AddAny(const std::string& path, const Any& any) {
    std::string name;
    const Descriptor* const type = pool_ != nullptr && Any::ParseAnyTypeUrl(any.type_url(), &name)
                                       ? pool_->FindMessageTypeByName(name)
                                       : nullptr;
    const std::unique_ptr<Message> message(type == nullptr ? nullptr
                                                           : factory_.GetPrototype(type)->New());
    if (message == nullptr || !message->ParsePartialFromString(any.value())) {
      return Add(path, any.SerializePartialAsString(), true);
    }
    const bool was_in_service = std::exchange(is_in_service_, true);
    Add(path, absl::StrCat("[", any.type_url(), "]"), false);
    AddMessage(path, *message, nullptr);
    is_in_service_ = was_in_service;
  }

  const DescriptorPool* const pool_;
  DynamicMessageFactory factory_;
  TextFormat::Printer printer_;
  std::vector<ConfigEntry> entries_;
  bool is_in_service_ = false;
};

}  // namespace

std::vector<ConfigEntry> EntriesOf(const config::v1::Config& config, const DescriptorPool* pool) {
  EntryList list(pool);
  list.AddMessage("", config, nullptr);
  return list.Take();
}

}  // namespace muster::master
