#include "muster/master/admin/connection/reflection_service.h"

#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace muster::master {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1alpha::FileDescriptorResponse;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

void AddFile(const FileDescriptor& file, std::set<const FileDescriptor*>& added,
             FileDescriptorResponse* response) {
  if (!added.insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
}

void RefuseUnknown(const std::string& what, ServerReflectionResponse* response) {
  auto* error = response->mutable_error_response();
  error->set_error_code(static_cast<int>(grpc::StatusCode::NOT_FOUND));
  error->set_error_message(absl::StrCat(what, " is not known here"));
}

// `file` may be null: then `what` is not known.
void AnswerFile(const FileDescriptor* file, const std::string& what,
                ServerReflectionResponse* response) {
  if (file == nullptr) return RefuseUnknown(what, response);
  std::set<const FileDescriptor*> added;
  AddFile(*file, added, response->mutable_file_descriptor_response());
}

constexpr char kPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// One call: a request, its answer, the next request.
class Call final : public Reactor {
 public:
  Call(const ReflectionService& service, const StreamFollower& follow,
       const grpc::ServerContextBase& context)
      : service_(service) {
    following_ = follow(kPath, context, [this](const grpc::Status& why) { FinishOnce(why); });
    const std::lock_guard lock(mutex_);
    if (!is_finished_) StartRead(&request_);
  }

 private:
  void OnReadDone(bool is_read) override {
    if (!is_read) return FinishOnce(grpc::Status::OK);
    ServerReflectionRequest request;
    if (!grpc::SerializationTraits<ServerReflectionRequest>::Deserialize(&request_, &request)
             .ok()) {
      return FinishOnce({grpc::StatusCode::INVALID_ARGUMENT, "what came is no request"});
    }
    response_.Clear();  // gRPC serialises into an empty buffer only
    bool is_owned = false;
    grpc::SerializationTraits<ServerReflectionResponse>::Serialize(service_.Answer(request),
                                                                   &response_, &is_owned)
        .IgnoreError();
    const std::lock_guard lock(mutex_);
    if (!is_finished_) StartWrite(&response_);
  }
  void OnWriteDone(bool is_written) override {
    if (!is_written) return FinishOnce(grpc::Status::CANCELLED);
    const std::lock_guard lock(mutex_);
    if (!is_finished_) StartRead(&request_);
  }
  void OnDone() override {
    following_.reset();
    delete this;
  }

  void FinishOnce(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_finished_, true)) return;
    Finish(status);
  }

  const ReflectionService& service_;
  std::shared_ptr<void> following_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::mutex mutex_;  // gRPC calls none of the above from within what is called under it
  bool is_finished_ = false;
};

class RefusedCall final : public Reactor {
 public:
  explicit RefusedCall(const grpc::Status& status) { Finish(status); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
ReflectionService::ServerReflectionInfo(grpc::CallbackServerContext* context) {
  const grpc::Status may = may_call_(kPath, *context);
  if (!may.ok()) return new RefusedCall(may);
  return new Call(*this, follow_, *context);
}

ServerReflectionResponse ReflectionService::Answer(const ServerReflectionRequest& request) const {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kListServices:
      for (const std::string& name : services_) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case ServerReflectionRequest::kFileByFilename:
      AnswerFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename(),
                 &response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      AnswerFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
                 request.file_containing_symbol(), &response);
      break;
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& asked = request.file_containing_extension();
      const Descriptor* type = Pool().FindMessageTypeByName(asked.containing_type());
      const FieldDescriptor* field =
          type == nullptr ? nullptr : Pool().FindExtensionByNumber(type, asked.extension_number());
      AnswerFile(
          field == nullptr ? nullptr : field->file(),
          absl::StrCat("extension ", asked.extension_number(), " of ", asked.containing_type()),
          &response);
      break;
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType: {
      const std::string& name = request.all_extension_numbers_of_type();
      const Descriptor* type = Pool().FindMessageTypeByName(name);
      if (type == nullptr) {
        RefuseUnknown(name, &response);
        break;
      }
      std::vector<const FieldDescriptor*> extensions;
      Pool().FindAllExtensions(type, &extensions);
      auto* numbers = response.mutable_all_extension_numbers_response();
      numbers->set_base_type_name(name);
      for (const FieldDescriptor* field : extensions) {
        numbers->add_extension_number(field->number());
      }
      break;
    }
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      response.mutable_error_response()->set_error_code(
          static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
      response.mutable_error_response()->set_error_message("nothing is asked for");
      break;
  }
  return response;
}

}  // namespace muster::master
