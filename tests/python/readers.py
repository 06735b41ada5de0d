"""Reads records of braid's outputs with other people's libraries.

    readers.py ocsf           one Incident Finding a line, as JSON
    readers.py ocsf-detection-finding    one Detection Finding a line, as JSON
    readers.py avro SCHEMA    one record a line, in base64, in Avro's single-object encoding
    readers.py cef            one line each

Records come on standard input. Of each one line goes to standard output: what was read, as JSON. Whatever a library does
not accept ends the program with its own words.
"""

import base64
import io
import json
import sys


def ocsf(line):
    """Accepted by both models of OCSF; nothing in it that the schema does not know."""
    from ocsf.v1_5_0.events import IncidentFinding
    from py_ocsf_models.events.base_event import BaseEvent
    from py_ocsf_models.objects.finding_info import FindingInformation
    from py_ocsf_models.objects.mitre_attack import MITREAttack

    record = json.loads(line)
    finding = IncidentFinding.model_validate(record)
    unknown = [path for path in attributes_not_in_schema(finding) if not path.startswith(".unmapped.")]
    if unknown:
        raise ValueError(f"not in the schema: {unknown}")
    BaseEvent.model_validate(record)
    # That model has no Incident Finding, and wants a title and a technique's name, which OCSF only recommends: where
    # braid knows none, it is silent.
    for info in record["finding_info_list"]:
        if "title" in info:
            FindingInformation.model_validate({**info, "attacks": named(info.get("attacks", []))})
    for attack in named(record.get("attacks", [])):
        MITREAttack.model_validate(attack)
    return {
        "id": finding.metadata.correlation_uid,
        "version": finding.metadata.sequence,
        "status": record["status_code"],
        "alerts": len(finding.finding_info_list),
    }


def ocsf_detection_finding(line):
    """Accepted by py-ocsf-models. The other model forgets the types of devices that a class inherits."""
    from py_ocsf_models.events.findings.detection_finding import DetectionFinding

    finding = DetectionFinding.model_validate(json.loads(line))
    return {"id": finding.finding_info.uid}


def named(attacks):
    return [attack for attack in attacks if "technique" not in attack or "name" in attack["technique"]]


def attributes_not_in_schema(value, path=""):
    """What the model has taken along without knowing it, by its path."""
    if isinstance(value, list):
        return [found for at, element in enumerate(value) for found in attributes_not_in_schema(element, f"{path}[{at}]")]
    if not hasattr(value, "model_extra"):
        return []
    unknown = [f"{path}.{name}" for name in value.model_extra or {}]
    for name in type(value).model_fields:
        unknown += attributes_not_in_schema(getattr(value, name), f"{path}.{name}")
    return unknown


def avro(line, schema):
    """All of it, by the schema that a consumer has, and nothing left over."""
    import fastavro

    record = io.BytesIO(base64.b64decode(line))
    if record.read(2) != b"\xc3\x01":
        raise ValueError("not in single-object encoding")
    record.read(8)
    incident = fastavro.schemaless_reader(record, schema)
    if record.read():
        raise ValueError("more bytes than the schema has fields")
    return {
        "id": incident.get("id") or incident["incident"],
        "version": incident["version"],
        "status": incident["status"],
        "alerts": len(incident["alerts"]) if isinstance(incident["alerts"], list) else incident["alerts"],
    }


def cef(line):
    import jc

    event = jc.parse("cef", line)[0]
    if (event["deviceVendor"], event["deviceProduct"]) != ("braid", "braid"):
        raise ValueError("the header is another product's")
    return {
        "id": event["externalId"],
        # Under what their labels say.
        "version": event["version"],
        "status": event["status"],
        "alerts": int(event["cnt"]),
    }


def main(form, schema=None):
    readers = {"ocsf": ocsf, "ocsf-detection-finding": ocsf_detection_finding, "cef": cef}
    if schema is not None:
        import fastavro

        parsed = fastavro.schema.load_schema(schema)
        readers["avro"] = lambda line: avro(line, parsed)
    for line in sys.stdin:
        try:
            print(json.dumps(readers[form](line.rstrip("\n"))))
        except Exception as error:
            sys.exit(f"{type(error).__name__}: {error}\nof: {line[:2000]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
