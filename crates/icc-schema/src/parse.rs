//! Reading a text that comes from another process, and may be anything.

use crate::text::ORDER;
use crate::types::{Field, Number, Struct, TimeUnit, Type};
use crate::{MAX_TEXT, Schema, SchemaError};
use serde_json::{Map, Value};

impl Schema {
    /// The schema that `text` describes, of payloads of `size` bytes.
    ///
    /// Trusts nothing: see the [invariants](Schema#invariants). What NumPy knows and this crate does
    /// not, such as complex numbers, is an error.
    ///
    /// # Errors
    ///
    /// [`SchemaError`], which is safe to show.
    ///
    /// # Examples
    ///
    /// ```
    /// use icc_schema::{Schema, SchemaError};
    ///
    /// let text = r#"{"names":["bid","ask"],"formats":["<f8","<f8"],"offsets":[0,8],"itemsize":16}"#;
    /// let schema = Schema::parse(text, 16)?;
    /// assert_eq!(schema.text(), text);
    ///
    /// let longer = text.replace("[0,8]", "[0,9]");
    /// assert!(matches!(Schema::parse(&longer, 16), Err(SchemaError::Outside { offset: 9, .. })));
    /// # Ok::<(), SchemaError>(())
    /// ```
    pub fn parse(text: &str, size: usize) -> Result<Self, SchemaError> {
        let schema = Self::read(text)?;
        if schema.size() != size {
            return Err(SchemaError::OtherSize { found: schema.size(), expected: size });
        }
        Ok(schema)
    }

    /// As [`parse`](Self::parse), of payloads of any size.
    pub(crate) fn read(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_TEXT {
            return Err(SchemaError::TooLong { len: text.len(), max: MAX_TEXT });
        }
        // It refuses what is deeper than 128 by itself, and `new` what is deeper than schemas are.
        let json: Value =
            serde_json::from_str(text).map_err(|error| SchemaError::NotJson { reason: error.to_string() })?;
        Self::new(read_type(&json)?)
    }
}

fn malformed(found: &Value, expected: &'static str) -> SchemaError {
    const SHOWN: usize = 60;
    let mut found = found.to_string();
    if found.len() > SHOWN {
        found.truncate(found.floor_char_boundary(SHOWN));
        found.push('…');
    }
    SchemaError::Malformed { found, expected }
}

fn read_type(json: &Value) -> Result<Type, SchemaError> {
    match json {
        Value::String(format) => read_format(format),
        Value::Array(parts) => match parts.as_slice() {
            [of, shape] => {
                let shape = list(shape)?;
                if shape.is_empty() || shape.len() > Schema::MAX_DEPTH {
                    return Err(malformed(json, "an array of 1 to 8 dimensions"));
                }
                // Innermost last.
                shape.iter().rev().try_fold(read_type(of)?, |of, len| Ok(Type::Array(of.into(), number(len)?)))
            }
            _ => Err(malformed(json, "a format and a shape, `[\"<u4\",[4]]`")),
        },
        Value::Object(object) => read_struct(object).map(Type::Struct),
        _ => Err(malformed(json, "a format, `\"<u4\"`")),
    }
}

fn read_format(text: &str) -> Result<Type, SchemaError> {
    let unknown = || SchemaError::UnknownFormat { format: text.to_owned() };
    let (order, code) = match text.chars().next() {
        Some(order @ ('<' | '>' | '|' | '=')) => (order, &text[1..]),
        _ => ('|', text),
    };
    let sized = |digits: &str| {
        let plain = !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse::<usize>().map_err(|_| unknown()) } else { Err(unknown()) }
    };
    if let Some(digits) = code.strip_prefix('S') {
        return Ok(Type::Text(sized(digits)?));
    }
    if let Some(digits) = code.strip_prefix('V') {
        return Ok(Type::Bytes(sized(digits)?));
    }
    let ty = if let Some(number) = Number::ALL.into_iter().find(|number| number.code() == code) {
        Type::Number(number)
    } else {
        let inner = |kind| code.strip_prefix(kind)?.strip_suffix(']');
        let unit = |code| TimeUnit::ALL.into_iter().find(|unit| unit.code() == code).ok_or_else(unknown);
        match (inner("M8["), inner("m8[")) {
            (Some(code), _) => Type::Time(unit(code)?),
            (_, Some(code)) => Type::Duration(unit(code)?),
            _ => return Err(unknown()),
        }
    };
    // A single byte has no order.
    if ty.size() != Some(1) && order != ORDER && order != '=' {
        return Err(match order {
            '|' => unknown(),
            _ => SchemaError::OtherByteOrder { format: text.to_owned() },
        });
    }
    Ok(ty)
}

fn read_struct(object: &Map<String, Value>) -> Result<Struct, SchemaError> {
    let member = |key| object.get(key).unwrap_or(&Value::Null);
    let (names, formats, offsets) = (list(member("names"))?, list(member("formats"))?, list(member("offsets"))?);
    if names.len() != formats.len() || names.len() != offsets.len() {
        return Err(malformed(member("names"), "as many names as formats and offsets"));
    }
    let mut fields = Vec::with_capacity(names.len());
    for ((name, format), offset) in names.iter().zip(formats).zip(offsets) {
        let name = string(name)?;
        let about = |key: &str| object.get(key).and_then(|map| map.get(name));
        let mut field = Field::new(name, number(offset)?, read_type(format)?);
        if let Some(values) = about("enums") {
            field.values = read_values(values)?;
        }
        if let Some(exponent) = about("scales") {
            let small = exponent.as_i64().and_then(|exponent| i32::try_from(exponent).ok());
            field.exponent = small.ok_or_else(|| malformed(exponent, "a small whole number"))?;
        }
        field.unit = about("units").map(string).transpose()?.map(str::to_owned);
        field.doc = about("doc").map(string).transpose()?.map(str::to_owned);
        fields.push(field);
    }
    let doc = member("doc").get("").map(string).transpose()?.map(str::to_owned);
    Ok(Struct { fields, size: number(member("itemsize"))?, doc })
}

fn read_values(json: &Value) -> Result<Vec<(i128, String)>, SchemaError> {
    let object = json.as_object().ok_or_else(|| malformed(json, "names of values, `{\"1\":\"Buy\"}`"))?;
    let mut values = Vec::with_capacity(object.len());
    for (value, name) in object {
        let value = value.parse().map_err(|_| malformed(json, "whole numbers as keys"))?;
        values.push((value, string(name)?.to_owned()));
    }
    values.sort();
    // `01` and `1`.
    if values.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(malformed(json, "one name for each value"));
    }
    Ok(values)
}

fn list(json: &Value) -> Result<&[Value], SchemaError> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| malformed(json, "a list"))
}

fn string(json: &Value) -> Result<&str, SchemaError> {
    json.as_str().ok_or_else(|| malformed(json, "a text"))
}

fn number(json: &Value) -> Result<usize, SchemaError> {
    json.as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| malformed(json, "a whole number, not negative"))
}
