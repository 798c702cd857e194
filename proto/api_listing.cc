#include "muster/proto/api_listing.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

class Listing {
 public:
  void AddFile(const FileDescriptor& file, absl::string_view package) {
    if (!files_.insert(&file).second) return;
    for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), package);
    if (absl::string_view(file.package()) != package) return;
    for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) {
      lines_.push_back(absl::StrCat("service ", file.service(i)->full_name()));
      for (int k = 0; k < file.service(i)->method_count(); ++k) {
        AddMethod(*file.service(i)->method(k));
      }
    }
  }
  std::vector<std::string> Take() {
    std::sort(lines_.begin(), lines_.end());
    return std::move(lines_);
  }

 private:
  void AddMessage(const Descriptor& message) {
    lines_.push_back(absl::StrCat("message ", message.full_name()));
    for (int i = 0; i < message.field_count(); ++i) AddField(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) AddEnum(*message.enum_type(i));
  }
  void AddField(const FieldDescriptor& field) {
    const std::string type = field.message_type() != nullptr ? field.message_type()->full_name()
                             : field.enum_type() != nullptr  ? field.enum_type()->full_name()
                                                             : std::string(field.type_name());
    lines_.push_back(absl::StrCat("field ", field.full_name(), " = ", field.number(),
                                  field.is_repeated() ? " repeated " : " optional ", type));
  }
  void AddEnum(const EnumDescriptor& type) {
    lines_.push_back(absl::StrCat("enum ", type.full_name()));
    for (int i = 0; i < type.value_count(); ++i) {
      lines_.push_back(absl::StrCat("value ", type.full_name(), ".", type.value(i)->name(), " = ",
                                    type.value(i)->number()));
    }
  }
  void AddMethod(const MethodDescriptor& method) {
    lines_.push_back(absl::StrCat(
        "method ", method.full_name(), " ", method.client_streaming() ? "stream " : "",
        method.input_type()->full_name(), " ", method.server_streaming() ? "stream " : "",
        method.output_type()->full_name()));
  }

  std::set<const FileDescriptor*> files_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> ListApi(const FileDescriptor& file) {
  Listing listing;
  listing.AddFile(file, file.package());
  return listing.Take();
}

std::vector<std::string> BrokenPromises(const std::vector<std::string>& old,
                                        const std::vector<std::string>& now) {
  std::vector<std::string> broken;
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(broken));
  return broken;
}

}  // namespace muster::config
