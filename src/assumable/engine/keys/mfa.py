"""The MFA keys (FACTS 5.2)."""

from assumable.engine.keys.question import Question
from assumable.model.call import Absent, Call, Mfa, Open, Present, RoleCaller, UserCaller, Value
from assumable.model.policy import Layer
from assumable.model.world import Unknown

_ROLE_SIDE = (Layer.TRUST, Layer.RCP)


def mfa_of_credentials(call: Call) -> Mfa | None:
    """MFA of the credentials themselves; None when the keys are absent."""
    caller = call.caller
    if isinstance(caller, UserCaller) and caller.credentials == "session-token":
        return caller.mfa
    if isinstance(caller, UserCaller) and isinstance(caller.mfa.present, Unknown):
        return caller.mfa
    return None


def with_proof(question: Question, proven: Value, otherwise: Value) -> Value:
    """MFA presented in this very request: the trust policy sees it (R5.2), others are U-10."""
    call = question.call
    valid = call.presents_mfa and isinstance(call.caller, UserCaller)
    if not valid or call.mfa_code_is_wrong:
        return otherwise
    if question.layer in _ROLE_SIDE or proven == otherwise:
        return proven
    if isinstance(otherwise, Unknown | Open) or isinstance(proven, Unknown | Open):
        return Unknown("whether this layer sees the MFA of the request (U-10)")
    return Open("U-10", proven, otherwise)


def mfa_present(question: Question) -> Value:
    """`aws:MultiFactorAuthPresent`."""
    return with_proof(
        question, Present(("true",), "SerialNumber and TokenCode were sent"), mfa_before(question)
    )


def mfa_before(question: Question) -> Value:
    """The same key as the credentials alone give it."""
    mfa = mfa_of_credentials(question.call)
    if mfa is not None:
        if isinstance(mfa.present, Unknown):
            return mfa.present
        return Present(("true" if mfa.present else "false",), "how GetSessionToken was called")
    if isinstance(question.call.caller, RoleCaller):
        return Open(
            "U-11",
            Present(("false",), "credentials of a role session carry no MFA"),
            Absent("credentials of a role session carry no MFA (R5.4)"),
        )
    if isinstance(question.call.caller, UserCaller):
        return Absent("long-term access keys carry no MFA (R5.1)")
    return Absent("this kind of caller never has it (R5.5)")


def mfa_age(question: Question) -> Value:
    """`aws:MultiFactorAuthAge` in seconds."""
    mfa = mfa_of_credentials(question.call)
    before: Value = Absent("the caller's credentials carry no MFA")
    if mfa is not None and isinstance(mfa.present, Unknown):
        before = mfa.present
    elif mfa is not None and mfa.present:
        if isinstance(mfa.age, int):
            before = Present((str(mfa.age),), "seconds since the MFA of the credentials")
        else:
            before = Unknown("the age of the MFA", "call.caller.mfa: {age: …}", present=True)
    return with_proof(question, Present(("0",), "the code was sent with this request"), before)
