#pragma once

namespace aiges {

// Framework error codes: the numbers AIGES's clients know (iflytek/aiges, frame/errors.go). An
// engine's own error number is never one of these; it travels beside them as Status::engine_code().
enum class Code : int {
  kOk = 0,
  kInvalidOp = 10003,        // an operation that does not exist
  kUnknownHandle = 10008,    // a session handle that was never given out, or long ago
  kInvalidData = 10009,      // the request cannot be given to an engine as it is
  kInactive = 10101,         // engine or session closed
  kDeadline = 10102,         // no result in time
  kRepeatedSession = 10105,  // a tag or library that is already in use
  kInvalidOutput = 10106,    // the engine produced something unusable
  kOverload = 10110,         // no free slot
  kUnmarshal = 10401,        // a message that cannot be decoded
  kLoad = 10600,             // the engine cannot be loaded, or lacks what the call needs
  kInit = 10901,
  kFini = 10902,
  kLoadResource = 10903,
  kUnloadResource = 10904,
  kCreate = 10905,
  kDestroy = 10906,
  kWrite = 10907,
  kRead = 10908,
  kExec = 10909,
  kCallback = 10910,
};

}  // namespace aiges
