#ifndef MUSTER_MASTER_ADMIN_WATCH_BYTES_H_
#define MUSTER_MASTER_ADMIN_WATCH_BYTES_H_

#include <cstdint>

#include "google/protobuf/message_lite.h"
#include "grpcpp/grpcpp.h"

namespace muster::master {

// A message as gRPC sends it. Copies share the memory.
inline grpc::ByteBuffer BytesOf(const google::protobuf::MessageLite& message) {
  grpc::Slice slice(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

// False: the bytes are not such a message.
inline bool ParseBytes(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message) {
  grpc::Slice slice;
  if (bytes.Length() == 0) return message->ParseFromArray("", 0);
  return bytes.DumpToSingleSlice(&slice).ok() &&
         message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_WATCH_BYTES_H_
