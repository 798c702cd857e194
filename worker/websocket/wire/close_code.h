#ifndef MUSTER_WORKER_WEBSOCKET_WIRE_CLOSE_CODE_H_
#define MUSTER_WORKER_WEBSOCKET_WIRE_CLOSE_CODE_H_

#include <cstdint>

namespace muster::worker::websocket {

// Why a WebSocket is closed (RFC 6455, 7.4.1, and IANA's registry). Others from 3000 on are free
// for libraries and applications.
enum CloseCode : std::uint16_t {
  kNormalClosure = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatusReceived = 1005,  // never in a frame: the other side's Close had no code
  kAbnormalClosure = 1006,   // never in a frame: the connection ended without a Close
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kMissingExtension = 1010,
  kInternalError = 1011,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,
};

// Whether a Close frame may have it: 1000 to 1003, 1007 to 1014, 3000 to 4999.
constexpr bool IsSendable(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace muster::worker::websocket

#endif  // MUSTER_WORKER_WEBSOCKET_WIRE_CLOSE_CODE_H_
