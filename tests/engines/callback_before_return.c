/* Calls back from within wrapperExecAsync. With param ret=N the call itself answers N after that.
 */
#include "engine_async.h"

KIT_LIFECYCLE()
KIT_ERROR("callback_before_return: failed")

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  pDataList answer = kit_copy_list(reqData);
  kit_call_back(callback, usrTag, answer, 0);
  kit_free_list(answer);
  return (int)kit_number(params, "ret", 0);
}
