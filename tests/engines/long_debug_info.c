/* wrapperDebugInfo answers with a text of 1 MiB that is gone after wrapperDestroy. */
#include "engine_kit.h"

enum { kTextBytes = 1024 * 1024 };

KIT_LIFECYCLE()
KIT_ERROR("long_debug_info: failed")

const void* wrapperCreate(KIT_CREATE_ARGUMENTS) {
  kit_enter(KIT_create);
  char* text = (char*)malloc(kTextBytes + 1);
  memset(text, 'd', kTextBytes);
  text[kTextBytes] = '\0';
  kit_add(KIT_live_sessions, 1);
  return text;
}

int wrapperWrite(const void* handle, pDataList reqData) {
  (void)handle;
  (void)reqData;
  kit_enter(KIT_write);
  return 0;
}

int wrapperRead(const void* handle, pDataList* respData) {
  (void)handle;
  (void)respData;
  kit_enter(KIT_read);
  return 0;
}

const char* wrapperDebugInfo(const void* handle) {
  kit_enter(KIT_debug_info);
  return (const char*)handle;
}

int wrapperDestroy(const void* handle) {
  kit_enter(KIT_destroy);
  memset((void*)handle, 0xDD, kTextBytes);
  free((void*)handle);
  kit_add(KIT_live_sessions, -1);
  return 0;
}
