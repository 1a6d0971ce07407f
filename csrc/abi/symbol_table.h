#pragma once

#include <string>

#include "abi/shared_library.h"
#include "aiges/wrapper_ext.h"
#include "base/status.h"
#include "engine/engine.h"

namespace aiges {

// The functions one engine library exports, called as declared in include/aiges. Null: not
// exported.
struct SymbolTable {
  wrapperInitPtr init = nullptr;
  wrapperFiniPtr fini = nullptr;
  wrapperErrorPtr error = nullptr;
  wrapperVersionPtr version = nullptr;
  wrapperSetCtrlPtr set_ctrl = nullptr;
  wrapperExecPtr exec = nullptr;
  wrapperExecFreePtr exec_free = nullptr;
  wrapperExecAsyncPtr exec_async = nullptr;
  wrapperCreatePtr create = nullptr;
  wrapperWritePtr write = nullptr;
  wrapperReadPtr read = nullptr;
  wrapperDestroyPtr destroy = nullptr;
  wrapperDebugInfoPtr debug_info = nullptr;
  wrapperLoadResPtr load_res = nullptr;
  wrapperUnloadResPtr unload_res = nullptr;
  // wrapper_ext.h
  wrapperAbiVersionPtr abi_version = nullptr;
  wrapperSchemaPtr schema = nullptr;
  wrapperCancelPtr cancel = nullptr;
  wrapperBatchExecPtr batch_exec = nullptr;

  ModeSet modes() const;

  // Resolves everything first; fails, naming each missing symbol and what needs it, unless the
  // three functions every engine needs are there, and every mode in `wanted` (0: at least one
  // mode).
  static Result<SymbolTable> resolve(const SharedLibrary& library, ModeSet wanted);
};

}  // namespace aiges
