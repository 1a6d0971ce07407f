// Throws where config or params throw=init|fini|error|version|create|write|read|destroy|debug_info|
// exec|exec_free|exec_async|load_res|unload_res say; what=std (a std::exception) or int.
#include <stdexcept>
#include <string>

#include "engine_kit.h"

namespace {

std::string config_where;
std::string what = "std";

// A session remembers where its params asked for an exception.
struct Session {
  std::string where;
};

[[noreturn]] void raise_it(const std::string& where) {
  if (what == "int") throw 7;
  throw std::runtime_error("thrown from " + where);
}

void maybe(const std::string& wanted, const std::string& where) {
  if (wanted == where || config_where == where) raise_it(where);
}

std::string wanted_by(pParamList params) {
  const char* text = kit_param(params, "throw");
  return text == nullptr ? "" : text;
}

}  // namespace

int wrapperInit(pConfig cfg) {
  kit_enter(KIT_init);
  config_where = wanted_by(cfg);
  what = kit_param_is(cfg, "what", "int") ? "int" : "std";
  maybe("", "init");
  return 0;
}

int wrapperFini() {
  kit_enter(KIT_fini);
  maybe("", "fini");
  return 0;
}

const char* wrapperError(int) {
  kit_enter(KIT_error);
  maybe("", "error");
  return "throws: failed";
}

const char* wrapperVersion() {
  kit_enter(KIT_version);
  maybe("", "version");
  return "throws 1";
}

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int[], int) {
  kit_enter(KIT_exec);
  maybe(wanted_by(params), "exec");
  if (config_where == "error") return 8;
  kit_give(usrTag, respData, kit_copy_list(reqData));
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  kit_take_back(usrTag, respData);
  maybe("", "exec_free");
  return 0;
}

int wrapperExecAsync(const char* usrTag, pParamList params, pDataList reqData,
                     wrapperCallback callback, int, unsigned int[], int) {
  kit_enter(KIT_exec_async);
  maybe(wanted_by(params), "exec_async");
  callback(usrTag, reqData, 0);
  return 0;
}

const void* wrapperCreate(const char*, pParamList params, wrapperCallback, unsigned int[], int,
                          int*) {
  kit_enter(KIT_create);
  maybe(wanted_by(params), "create");
  kit_add(KIT_live_sessions, 1);
  return new Session{wanted_by(params)};
}

int wrapperWrite(const void* handle, pDataList) {
  kit_enter(KIT_write);
  maybe(static_cast<const Session*>(handle)->where, "write");
  return 0;
}

int wrapperRead(const void* handle, pDataList*) {
  kit_enter(KIT_read);
  maybe(static_cast<const Session*>(handle)->where, "read");
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  kit_enter(KIT_debug_info);
  maybe(static_cast<const Session*>(handle)->where, "debug_info");
  return "throws: session";
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  const std::string where = static_cast<const Session*>(handle)->where;
  delete static_cast<const Session*>(handle);
  kit_add(KIT_live_sessions, -1);
  maybe(where, "destroy");
  return 0;
}

int wrapperLoadRes(pDataList, unsigned int) {
  kit_enter(KIT_load_res);
  maybe("", "load_res");
  return 0;
}

int wrapperUnloadRes(unsigned int) {
  kit_enter(KIT_unload_res);
  maybe("", "unload_res");
  return 0;
}
